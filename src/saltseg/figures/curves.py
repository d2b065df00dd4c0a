"""Learning curves of one cross-validation."""

from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from saltseg.figures.style import PREDICTION, save_png
from saltseg.scoring.scores import SCORES
from saltseg.scoring.summary import mean_curves

_NAMES = {**{score.name: score.title for score in SCORES if score.logged}, "loss": "loss"}


def learning_curves(curves: pd.DataFrame, title: str, path: Path) -> None:
    """Draw what training logs over epochs: folds thin, their mean bold.

    Args:
        curves: One row per fold and epoch: `fold`, `epoch`, and `loss` and each score that
            is logged, with its `val_` twin.
        title: Line above the panels.
        path: PNG to write.
    """
    means = mean_curves(curves)
    figure = Figure(figsize=(12, 3.6), layout="constrained")
    panels = figure.subplots(1, len(_NAMES))
    for panel, (name, label) in zip(panels, _NAMES.items(), strict=True):
        for column, colour, what in (
            (name, "0.6", "training"),
            (f"val_{name}", PREDICTION, "validation"),
        ):
            for _, fold in curves.groupby("fold"):
                panel.plot(fold["epoch"], fold[column], color=colour, linewidth=0.7, alpha=0.6)
            label = f"{what}, mean of folds"
            panel.plot(means["epoch"], means[column], color=colour, linewidth=2.2, label=label)
        panel.set(xlabel="epoch", ylabel=label)
        if name != "loss":
            panel.set_ylim(0, 1)
        panel.grid(alpha=0.3)
    panels[0].legend(frameon=False)
    figure.suptitle(title)
    save_png(figure, path)
