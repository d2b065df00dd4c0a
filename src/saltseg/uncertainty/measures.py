"""Two ways to say how unsure an ensemble is of a pixel, both from 0 to 0.5."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from saltseg.errors import DataError

MOST = 0.5
"""The largest value of either measure."""


def deviation(each: Sequence[NDArray[np.floating]]) -> NDArray[np.float32]:
    """How far predictions of the same pixels lie apart: their standard deviation.

    It is that of these predictions themselves, divided by their number, not by one less.

    Args:
        each: Salt probabilities of one shape, one array for each network, and for each way in which
            it predicted.

    Returns:
        Of that shape, 0 to 0.5.
    """
    found: NDArray[np.float64] = np.std(np.stack(each), axis=0, dtype=np.float64)
    return found.astype(np.float32)


def ambiguity(mean: NDArray[np.floating]) -> NDArray[np.floating]:
    """How near a probability p is to even: the smaller one of p and 1 - p.

    It puts pixels into the same order as the variance p (1 - p), and as the entropy of p.

    Args:
        mean: Salt probabilities of any shape.

    Returns:
        Of that shape, 0 to 0.5.
    """
    found: NDArray[np.floating] = np.minimum(mean, 1 - mean)
    return found


def require_several(networks: int, flip: bool) -> None:
    """Make sure that there is more than one prediction of a pixel.

    Args:
        networks: How many predict; 0 where only their mean is known.
        flip: Whether they predict pictures mirrored, too.

    Raises:
        DataError: There is one, or the predictions are not known.
    """
    if networks < 1:
        raise DataError(
            "no uncertainty of an ONNX file, which gives the mean of its networks alone; name a run"
            " or a folder of folds"
        )
    if networks < 2 and not flip:
        raise DataError(
            "no uncertainty of one network that predicts once; predict mirrored, too (--flip), or"
            " name a run of two folds or more"
        )
