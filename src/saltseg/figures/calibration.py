"""Whether probabilities mean what they say, and what the threshold changes."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from saltseg.figures.style import PREDICTION, save_png


def calibration(table: pd.DataFrame, sweep: pd.DataFrame, title: str, path: Path) -> None:
    """Draw the reliability diagram, the pixels of each bin, and scores by threshold.

    Args:
        table: As from `reliability`.
        sweep: One row per fold and threshold: `fold`, `threshold`, `map_iou`.
        title: Line above the panels.
        path: PNG to write.
    """
    figure = Figure(figsize=(12, 3.8), layout="constrained")
    diagram, pixels, scores = figure.subplots(1, 3)
    _draw_diagram(diagram, table)
    _draw_pixels(pixels, table)
    _draw_sweep(scores, sweep)
    for panel in (diagram, pixels, scores):
        panel.grid(alpha=0.3)
    figure.suptitle(title)
    save_png(figure, path)


def _draw_diagram(panel: Axes, table: pd.DataFrame) -> None:
    filled = table.dropna()
    panel.plot([0, 1], [0, 1], color="0.6", linewidth=0.8, label="calibrated")
    panel.plot(
        filled["probability"], filled["salt"], "o-", color=PREDICTION, markersize=4, label="pixels"
    )
    panel.set(xlabel="predicted probability", ylabel="share that is salt", xlim=(0, 1), ylim=(0, 1))
    panel.legend(frameon=False)


def _draw_pixels(panel: Axes, table: pd.DataFrame) -> None:
    width = table["high"] - table["low"]
    panel.bar(table["low"], table["pixels"], width, align="edge", color=PREDICTION, edgecolor="w")
    panel.set(xlabel="predicted probability", ylabel="pixels", xlim=(0, 1), yscale="log")


def _draw_sweep(panel: Axes, sweep: pd.DataFrame) -> None:
    by_fold = sweep.pivot(index="threshold", columns="fold", values="map_iou")
    for _, scores in by_fold.items():
        panel.plot(scores.index, scores, color=PREDICTION, linewidth=0.7, alpha=0.6)
    panel.plot(by_fold.idxmax(), by_fold.max(), "o", color=PREDICTION, markersize=4)
    mean = by_fold.mean(axis=1)
    panel.plot(mean.index, mean, color=PREDICTION, linewidth=2.2, label="mean of folds")
    panel.plot([], [], "o", color=PREDICTION, markersize=4, label="best of a fold")
    panel.set(xlabel="threshold", ylabel="competition metric", xticks=np.arange(0, 1.01, 0.2))
    panel.legend(frameon=False)
