"""Tile scores at native size; pixels are counted once and every score is derived from that."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

IOU_THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
"""IoU thresholds of the TGS competition; a tile hits one where its IoU is above it."""


def count_pixels(masks: NDArray[np.generic], salt: NDArray[np.bool_]) -> pd.DataFrame:
    """Count the pixels of each tile that are right and wrong.

    Args:
        masks: True masks, (N, H, W), 0 = not salt.
        salt: Predicted masks, (N, H, W) bool.

    Returns:
        One row per tile: `tp`, `fp`, `fn`, int64.
    """
    truth = np.asarray(masks) > 0
    axes = (1, 2)
    return pd.DataFrame(
        {
            "tp": np.count_nonzero(truth & salt, axis=axes),
            "fp": np.count_nonzero(~truth & salt, axis=axes),
            "fn": np.count_nonzero(truth & ~salt, axis=axes),
        }
    )


def tile_scores(counts: pd.DataFrame) -> pd.DataFrame:
    """Scores of each tile. Empty against empty counts as 1 in all of them.

    Args:
        counts: As from `count_pixels`.

    Returns:
        One row per tile: `iou`, `map_iou` (mean over `IOU_THRESHOLDS` of hit or miss; the
        competition's metric, kaggle.com/c/tgs-salt-identification-challenge), `dice`.
    """
    iou = _ratio(counts.tp, counts.tp + counts.fp + counts.fn)
    hits = iou.to_numpy()[:, None] > np.array(IOU_THRESHOLDS)
    return pd.DataFrame(
        {
            "iou": iou,
            "map_iou": hits.mean(axis=1),
            "dice": _ratio(2 * counts.tp, 2 * counts.tp + counts.fp + counts.fn),
        }
    )


def pooled_scores(counts: pd.DataFrame) -> dict[str, float]:
    """Precision and recall of salt pixels, all tiles together; 1 where there are none to find."""
    total = counts.sum()
    return {
        "precision": float(total.tp / (total.tp + total.fp)) if total.tp + total.fp else 1.0,
        "recall": float(total.tp / (total.tp + total.fn)) if total.tp + total.fn else 1.0,
    }


def _ratio(part: "pd.Series[int]", whole: "pd.Series[int]") -> "pd.Series[float]":
    return (part / whole.where(whole > 0, 1)).where(whole > 0, 1.0)
