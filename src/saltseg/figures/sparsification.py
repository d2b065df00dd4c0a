"""How the error rate falls as uncertain pixels are left out."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from saltseg.figures.style import PREDICTION, save_png
from saltseg.uncertainty.sparsification import Sparsification, oracle_curve

_COLOURS = (PREDICTION, "#d55e00")


def sparsification(
    curves: Mapping[str, Sparsification], rate: float, title: str, path: Path
) -> None:
    """Draw the curves of measures between those of a random order and of the oracle.

    Args:
        curves: Two at most, by what they are called.
        rate: Error rate of all pixels.
        title: Line above.
        path: PNG to write.
    """
    left_out = np.linspace(0, 0.995, 400)
    oracle = oracle_curve(left_out, rate)
    figure = Figure(figsize=(7, 4.4), layout="constrained")
    panel = figure.subplots()
    panel.axhline(rate, color="0.5", linestyle=":", label="random order")
    for (name, one), colour in zip(curves.items(), _COLOURS, strict=False):
        label = f"{name} (AUSE {one.ause:.4f})"
        panel.plot(left_out, one.error_at(left_out), color=colour, linewidth=2, label=label)
    panel.plot(left_out, oracle, color="0.5", linestyle="--", label="oracle: wrong pixels first")
    panel.xaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    panel.yaxis.set_major_formatter(PercentFormatter(1))
    panel.set(
        xlabel="pixels left out, the most uncertain first",
        ylabel="error rate of the rest",
        xlim=(0, 1),
        ylim=(0, None),
        title=title,
    )
    panel.grid(alpha=0.3)
    panel.legend(frameon=False)
    save_png(figure, path)
