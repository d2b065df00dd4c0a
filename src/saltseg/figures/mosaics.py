"""Mosaics put together from their tiles."""

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from saltseg.array_types import Bytes
from saltseg.figures.style import save_png
from saltseg.tiles.mosaics.table import without_copies


def largest_mosaics(images: Bytes, mosaics: pd.DataFrame, count: int, path: Path) -> None:
    """Draw the mosaics of most tiles, each tile at its place; places without tile stay empty.

    Args:
        images: Grey levels, (N, H, W) uint8.
        mosaics: As from `find_mosaics`, one row per image.
        count: How many mosaics.
        path: PNG to write.
    """
    places = without_copies(mosaics)
    sizes = places.groupby("group").size()
    shown = sizes[sizes > 1].head(count)
    figure = Figure(figsize=(2.6 * max(len(shown), 2), 3.4), layout="constrained")
    axes = figure.subplots(1, max(len(shown), 1), squeeze=False)[0]
    for axis in axes:
        axis.axis("off")
    for axis, (group, size) in zip(axes, shown.items(), strict=False):
        _draw(axis, images, places[places["group"] == group])
        axis.set_title(f"mosaic {group}: {size} tiles", fontsize=9)
    placed, number = int(sizes[sizes > 1].sum()), int((sizes > 1).sum())
    figure.suptitle(f"{placed} of {len(mosaics)} tiles lie in {number} mosaics")
    save_png(figure, path)


def _draw(axis: Axes, images: Bytes, tiles: pd.DataFrame) -> None:
    height, width = images.shape[1:]
    bottom, right = (int(tiles[name].max()) + 1 for name in ("row", "column"))
    canvas = np.full((bottom * height, right * width), np.nan, np.float32)
    corners = tiles[["row", "column"]].to_numpy() * (height, width)
    for (top, left), image in zip(corners, images[tiles.index], strict=True):
        canvas[top : top + height, left : left + width] = image
    axis.imshow(canvas, cmap="gray", vmin=0, vmax=255)
