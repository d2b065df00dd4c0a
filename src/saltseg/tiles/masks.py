"""What the pixels of a mask stand for; those that nobody has labelled count nowhere."""

import numpy as np
from numpy.typing import NDArray

from saltseg.array_types import Bytes

SALT, UNLABELLED = 1, 255
"""Values in our masks, beside 0: not salt."""


def labelled(masks: Bytes) -> NDArray[np.bool_]:
    """Which pixels somebody has labelled.

    Args:
        masks: uint8, of any shape: 0, `SALT` or `UNLABELLED`.

    Returns:
        The same shape.
    """
    known: NDArray[np.bool_] = masks != UNLABELLED
    return known


def coverage_of(masks: Bytes) -> NDArray[np.float64]:
    """Salt fraction of the labelled pixels of each mask.

    Args:
        masks: (N, H, W) uint8, in each at least one labelled pixel.

    Returns:
        (N,) float64, 0 to 1.
    """
    return np.array([mask[labelled(mask)].mean() for mask in masks], np.float64)
