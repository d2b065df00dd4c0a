"""Which axis of an array is which: as the user says, and as its numbers look."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from saltseg.errors import DataError

_NAMES = ("inline", "depth", "crossline")
_LETTERS = dict(zip("idx", _NAMES, strict=True))
_BLOCK, _LENGTH = 128, 32
"""Neighbours looked at along each axis; and those of which a wavelet makes the mean zero."""
_TIMES, _LEAST = 3.0, 0.1
"""Of the power, means must show so much less down depth than down what is taken for it, and there
so much: the means of noise hold one part in their length."""
_LOUDEST = 10.0
"""Medians of the absolute samples: beyond are spikes and null values."""


def order_of(axes: str, count: int, where: Path) -> tuple[int, ...]:
    """Where an array keeps its sections, their samples and their traces.

    Args:
        axes: Names of its axes in their order, separated by commas: inline, depth, crossline; or
            their letters, as in `ixd`. In an array of two axes inline is passed over.
        count: Axes of the array, 2 or 3.
        where: The file, for messages.

    Returns:
        Numbers of the axes for (sections, samples, traces); (samples, traces) of two axes.

    Raises:
        DataError: They are not these names, or too few.
    """
    short = "," not in axes and axes.lower() not in _NAMES
    given = list(axes.lower()) if short else axes.lower().split(",")
    names = [_LETTERS.get(name.strip(), name.strip()) for name in given]
    wanted = _NAMES[-count:]
    if count == 2:
        names = [name for name in names if name != "inline"]
    if sorted(names) != sorted(wanted):
        raise DataError(
            f"{where}: --axes {axes!r} for an array of {count} axes; expected the names"
            f" {', '.join(wanted)}, each once, in the order of the array, for instance"
            f" {','.join(wanted[:-2] + wanted[:-3:-1])}"
        )
    return tuple(names.index(name) for name in wanted)


def seems_depth(array: NDArray[Any], taken: int) -> int | None:
    """Find the axis along which a seismic trace seems to run, if it is not the one taken for it.

    A wavelet swings around zero, so over some samples of a trace the mean is near nothing; from
    trace to trace layers go on.

    Args:
        array: Two or three axes.
        taken: The axis that is taken for depth.

    Returns:
        Number of another axis; None where nothing speaks against `taken`.
    """
    middle = tuple(
        slice((length - min(length, _BLOCK)) // 2, (length + min(length, _BLOCK)) // 2)
        for length in array.shape
    )
    with np.errstate(invalid="ignore"):
        block = np.asarray(array[middle], np.float64)
    block = np.where(np.isfinite(block), block, np.nan)
    if np.isnan(block).all():
        return None
    block -= np.nanmedian(block)
    most = _LOUDEST * np.nanmedian(np.abs(block))
    block = np.where(np.abs(block) <= most, block, 0.0) / (most or 1.0)
    power = float((block**2).mean())
    if not power:
        return None
    lengths = [min(_LENGTH, length) for length in block.shape]
    means = [ndimage.uniform_filter1d(block, n, axis=axis) for axis, n in enumerate(lengths)]
    shown = [float((mean**2).mean()) / power for mean in means]
    least = int(np.argmin(shown))
    clear = shown[taken] > max(_LEAST, _TIMES / lengths[taken], _TIMES * shown[least])
    return least if clear and least != taken else None
