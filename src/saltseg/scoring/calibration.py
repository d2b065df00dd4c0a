"""Whether a probability of 0.8 is salt in 8 of 10 pixels."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from saltseg.array_types import Bytes
from saltseg.tiles.masks import SALT, labelled

BINS = 20


def reliability(
    masks: Bytes, probabilities: NDArray[np.floating], bins: int = BINS
) -> pd.DataFrame:
    """Predicted probability against true share of salt, over bins of equal width.

    Args:
        masks: True masks, (N, H, W), values as in `tiles.masks`.
        probabilities: (N, H, W), 0 to 1.
        bins: How many.

    Returns:
        One row per bin: `low` and `high` (its limits), `pixels` (the labelled ones), `probability`
        (their mean), `salt` (the share of them that is salt); both missing where there is no pixel.
    """
    pixels, summed, salty = np.zeros((3, bins))
    for mask, probability in zip(masks, probabilities, strict=True):
        known = labelled(mask)
        p = probability[known].astype(np.float64)
        place = np.minimum((p * bins).astype(np.int64), bins - 1)
        pixels += np.bincount(place, minlength=bins)
        summed += np.bincount(place, p, bins)
        salty += np.bincount(place, mask[known] == SALT, bins)
    filled = np.where(pixels, pixels, np.nan)
    edges = np.linspace(0, 1, bins + 1)
    return pd.DataFrame(
        {
            "low": edges[:-1],
            "high": edges[1:],
            "pixels": pixels.astype(np.int64),
            "probability": summed / filled,
            "salt": salty / filled,
        }
    ).round(6)


def expected_calibration_error(table: pd.DataFrame) -> float:
    """Mean distance of probability and share of salt over pixels, bin by bin.

    Args:
        table: As from `reliability`.

    Returns:
        0 to 1 (Naeini, Cooper and Hauskrecht, AAAI 2015).
    """
    gaps = (table["probability"] - table["salt"]).abs().fillna(0)
    return float(np.average(gaps, weights=table["pixels"]))


def brier_score(masks: Bytes, probabilities: NDArray[np.floating]) -> float:
    """Mean squared distance of probability and truth over labelled pixels, 0 to 1.

    Args:
        masks: True masks, (N, H, W), values as in `tiles.masks`.
        probabilities: (N, H, W), 0 to 1.
    """
    squares, pixels = [], []
    for mask, probability in zip(masks, probabilities, strict=True):
        known = labelled(mask)
        distances = probability[known].astype(np.float64) - (mask[known] == SALT)
        squares.append(np.mean(distances**2))
        pixels.append(np.count_nonzero(known))
    return float(np.average(squares, weights=pixels))
