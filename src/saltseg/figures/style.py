"""Colours that mean the same in every picture, and how pictures are written."""

from pathlib import Path

from matplotlib.figure import Figure

TRUTH, PREDICTION = "#ffb000", "#1f9bcf"


def save_png(figure: Figure, path: Path) -> None:
    """Write a picture whose bytes are the same from run to run."""
    # matplotlib would write its version into it.
    figure.savefig(path, format="png", dpi=110, metadata={"Software": None})
