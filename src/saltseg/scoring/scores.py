"""The table of scores: each stands here once, and whatever shows or compares scores goes by it."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from saltseg.array_types import Bytes
from saltseg.scoring.competition import IOU_THRESHOLDS
from saltseg.tiles.masks import SALT, labelled

COUNTS = ["tp", "fp", "fn"]
"""Pixels of a tile: rightly called salt, wrongly called salt, and salt that was missed."""


class Score(NamedTuple):
    """A number that says how well predicted masks fit the true ones.

    Attributes:
        name: Column of tables, key of metrics/summary.json, part of names in MLflow.
        title: What figures call it.
        of: One number a row from pixel counts, a row each tile: columns `tp`, `fp`, `fn`, int64.
        pooled: Whether it is taken of the pixels of several tiles together; else it is the mean of
            the tiles.
        logged: Whether training logs it after each epoch (see `nets.metrics`).
        higher_is_better: What a difference means.
    """

    name: str
    title: str
    of: Callable[[pd.DataFrame], "pd.Series[float]"]
    pooled: bool = False
    logged: bool = False
    higher_is_better: bool = True

    def gain(self, difference: float) -> float:
        """A difference of two scores, above 0 where the first of them is better."""
        return difference if self.higher_is_better else -difference


def _iou(counts: pd.DataFrame) -> "pd.Series[float]":
    return _ratio(counts.tp, counts.tp + counts.fp + counts.fn)


def _map_iou(counts: pd.DataFrame) -> "pd.Series[float]":
    """The competition's metric (kaggle.com/c/tgs-salt-identification-challenge): a mean of hits."""
    hits = _iou(counts).to_numpy()[:, None] > np.array(IOU_THRESHOLDS)
    return pd.Series(hits.mean(axis=1), counts.index)


def _dice(counts: pd.DataFrame) -> "pd.Series[float]":
    return _ratio(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn)


def _precision(counts: pd.DataFrame) -> "pd.Series[float]":
    return _ratio(counts.tp, counts.tp + counts.fp)


def _recall(counts: pd.DataFrame) -> "pd.Series[float]":
    return _ratio(counts.tp, counts.tp + counts.fn)


def _ratio(part: "pd.Series[int]", whole: "pd.Series[int]") -> "pd.Series[float]":
    """1 where there is nothing to find and nothing was found."""
    return (part / whole.where(whole > 0, 1)).where(whole > 0, 1.0)


DECIDING = Score("map_iou", "competition metric", _map_iou, logged=True)
"""What verdicts, champions and choices after training go by."""

_COLUMNS = (
    Score("iou", "IoU", _iou, logged=True),
    DECIDING,
    Score("dice", "Dice", _dice),
    Score("precision", "precision of pixels", _precision, pooled=True),
    Score("recall", "recall of pixels", _recall, pooled=True),
)
"""In the order of the columns of tables."""

SCORES = tuple(sorted(_COLUMNS, key=lambda score: score is not DECIDING))
"""In the order in which people are shown them: the one that decides comes first."""

TILE_SCORES = tuple(score for score in SCORES if not score.pooled)
"""Those that each tile has."""

SHORT = TILE_SCORES[:2]
"""Those for which there is room where little is shown."""


def count_pixels(masks: Bytes, salt: NDArray[np.bool_]) -> pd.DataFrame:
    """Count the labelled pixels of each tile that are right and wrong.

    Args:
        masks: True masks, (N, H, W), values as in `tiles.masks`.
        salt: Predicted masks, (N, H, W) bool.

    Returns:
        One row per tile: `tp`, `fp`, `fn`, int64.
    """
    truth, salt = masks == SALT, salt & labelled(masks)
    true, found, both = (
        np.count_nonzero(part, axis=(1, 2)) for part in (truth, salt, truth & salt)
    )
    return pd.DataFrame({"tp": both, "fp": found - both, "fn": true - both})


def tile_scores(counts: pd.DataFrame) -> pd.DataFrame:
    """Scores of each tile, 0 to 1. Empty against empty counts as 1 in all of them.

    Args:
        counts: As from `count_pixels`.

    Returns:
        One row per tile, a column for each of `TILE_SCORES`.
    """
    return pd.DataFrame(
        {score.name: score.of(counts) for score in _COLUMNS if not score.pooled}, counts.index
    )


def pooled_scores(counts: pd.DataFrame) -> dict[str, float]:
    """Scores of the pixels of all tiles together; 1 where there are none to find.

    Args:
        counts: As from `count_pixels`.
    """
    total = counts[COUNTS].sum().to_frame().T
    return {score.name: float(score.of(total).iloc[0]) for score in SCORES if score.pooled}
