"""Tiles beside their true masks and what networks make of them."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from numpy.typing import NDArray

from saltseg.array_types import Bytes
from saltseg.figures.style import PREDICTION, TRUTH, save_png
from saltseg.params import Evaluate
from saltseg.scoring.predictions import Predicted
from saltseg.scoring.summary import pick_tiles
from saltseg.tiles.masks import SALT, labelled


def gallery(
    result: Predicted, scored: pd.DataFrame, options: Evaluate, title: str, path: Path
) -> None:
    """Draw the best, median and worst tiles: image, true mask, prediction.

    Args:
        result: Out-of-fold predictions.
        scored: Scores of each tile, from `result.scored`.
        options: Threshold, and tiles per row.
        title: Line above it all.
        path: PNG to write.
    """
    rows = pick_tiles(scored, options.gallery)
    columns = max(len(tiles) for tiles in rows.values())
    figure = Figure(figsize=(3.3 * columns, 1.4 * len(rows) + 0.8), layout="constrained")
    axes = figure.subplots(len(rows), 3 * columns, squeeze=False)
    for axis in axes.flat:
        axis.axis("off")
    for line, (label, tiles) in zip(axes, rows.items(), strict=True):
        for position, row in enumerate(tiles.index.astype(int)):
            caption = f"{scored['id'].iloc[row]}  IoU {scored['iou'].iloc[row]:.2f}"
            triple = line[3 * position : 3 * position + 3]
            _show_tile(triple, result.images[row], result.masks[row])
            _show_prediction(
                triple[2], result.masks[row], result.probabilities[row], options.threshold
            )
            triple[1].set_title(caption, fontsize=7, pad=2)
        line[0].text(
            -0.1, 0.5, label, transform=line[0].transAxes, rotation=90, ha="right", va="center"
        )
    figure.suptitle(
        f"{title}\nimage · true mask (orange) · probability, prediction outlined in blue"
    )
    save_png(figure, path)


def side_by_side(
    results: dict[str, Predicted], rows: Sequence[int], threshold: float, path: Path
) -> None:
    """Draw the same tiles as several networks see them: image, true mask, one column a network.

    Args:
        results: Out-of-fold predictions by column title, all of the same tiles in the same order.
        rows: Rows of `tiles` to draw.
        threshold: Probability above which a pixel counts as salt.
        path: PNG to write.
    """
    first = next(iter(results.values()))
    titles = ["image", "true mask", *results]
    size = (1.5 * len(rows), 1.5 * len(titles))
    figure = Figure(figsize=size, layout="constrained")
    axes = figure.subplots(len(titles), len(rows), squeeze=False)
    for column, row in enumerate(rows):
        _show_tile(list(axes[:2, column]), first.images[row], first.masks[row])
        for axis, result in zip(axes[2:, column], results.values(), strict=True):
            _show_prediction(axis, first.masks[row], result.probabilities[row], threshold)
    for axis in axes.flat:
        axis.set(xticks=[], yticks=[])
    for axis, title in zip(axes[:, 0], titles, strict=True):
        axis.set_ylabel(title)
    save_png(figure, path)


def _show_tile(axes: Sequence[Axes], image: Bytes, mask: Bytes) -> None:
    for axis in axes[:2]:
        axis.imshow(image, cmap="gray", vmin=0, vmax=255)
    axes[1].imshow(np.ma.masked_not_equal(mask, SALT), cmap=ListedColormap([TRUTH]), alpha=0.45)
    _outline(axes[1], _truth(mask), TRUTH)


def _show_prediction(
    axis: Axes, mask: Bytes, probability: NDArray[np.floating], threshold: float
) -> None:
    axis.imshow(probability.astype(np.float32), cmap="gray", vmin=0, vmax=1)
    _outline(axis, _truth(mask), TRUTH)
    _outline(axis, probability > threshold, PREDICTION)


def _truth(mask: Bytes) -> NDArray[np.bool_]:
    """Where salt is, masked where nobody knows: outlines end there."""
    truth: NDArray[np.bool_] = np.ma.masked_array(mask == SALT, ~labelled(mask))
    return truth


def _outline(axis: Axes, mask: NDArray[np.bool_], colour: str) -> None:
    if mask.any() and not mask.all():
        axis.contour(mask, levels=[0.5], colors=[colour], linewidths=1.1)
