"""How loud amplitudes are around each pixel of a section: what its grey levels are stretched to."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from saltseg.inference.grey.amplitudes import clip_limit

Floats = NDArray[np.floating]
_QUIETEST = 1e-3
"""Of the limits of loud places: what is quieter is silence, not to be turned up without end."""
_TILES = 4
"""Sides of a window, in tiles. Where a window lies in one large body of salt, its quiet inside
becomes as loud as layers; in larger windows the loudness of a whole section comes back:
`benchmarks/stretch.py --window`."""
_ENOUGH = 0.05
"""Share of a window that must hold amplitudes for its limit to be its own."""


def local_limits(stretch: str, amplitudes: Floats, tile: tuple[int, int], clip: float) -> Floats:
    """The limits of every pixel of a section.

    Args:
        stretch: `window` or `trace`.
        amplitudes: A section, (H, W); NaN where there is none.
        tile: Height and width of a training tile, pixels.
        clip: Percentile of absolute amplitudes, above 0, up to 100.

    Returns:
        Above 0, (H, W), in the unit of the amplitudes.
    """
    if stretch == "trace":
        return trace_limits(amplitudes, tile[0], clip)
    return window_limits(amplitudes, (_TILES * tile[0], _TILES * tile[1]), clip)


def window_limits(amplitudes: Floats, window: tuple[int, int], percentile: float) -> Floats:
    """The clip of a window around each pixel, without a step from one window to the next.

    The clip of each of many windows, half overlapping, stands at the middle of the window; in
    between its logarithm is interpolated.

    Args:
        amplitudes: As in `local_limits`.
        window: Height and width, pixels.
        percentile: As `clip` there.

    Returns:
        As there.
    """
    down, across = (_places(*sides) for sides in zip(amplitudes.shape, window, strict=True))
    knots = np.array(
        [[_own_limit(amplitudes[row, column], percentile) for column in across] for row in down]
    )
    if np.isnan(knots).all():
        return np.ones(amplitudes.shape)
    # Where nothing is known the nearest neighbour speaks.
    nearest = ndimage.distance_transform_edt(
        np.isnan(knots), return_distances=False, return_indices=True
    )
    logs = np.log(np.fmax(knots[tuple(nearest)], _least(knots)))
    for axis, places in enumerate((down, across)):
        middles = [(place.start + place.stop - 1) / 2 for place in places]
        pixels = np.arange(amplitudes.shape[axis])
        logs = np.apply_along_axis(_interpolated(pixels, middles), axis, logs)
    limits: Floats = np.exp(logs)
    return limits


def trace_limits(amplitudes: Floats, length: int, percentile: float) -> Floats:
    """Automatic gain control: the root of the mean square in a piece of each trace.

    Args:
        amplitudes: As in `local_limits`.
        length: Of the piece, samples.
        percentile: As `clip` there, of the section so balanced.

    Returns:
        As there.
    """
    loudest = clip_limit(amplitudes, 100)
    amplitudes, known = amplitudes / loudest, np.isfinite(amplitudes)
    length = min(length, len(amplitudes))
    power, share = (
        ndimage.uniform_filter1d(values, length, axis=0, mode="reflect")
        for values in (np.where(known, amplitudes, 0.0) ** 2, known.astype(np.float64))
    )
    loudness = np.sqrt(np.fmax(power, 0) / np.fmax(share, 1 / length))
    loudness = np.fmax(loudness, _least(loudness) or 1.0)
    limits: Floats = loudest * loudness * clip_limit(amplitudes / loudness, percentile)
    return limits


def _least(limits: Floats) -> float:
    """Measured against what is loud, yet not by spikes."""
    return float(_QUIETEST * np.nanpercentile(limits, 90))


def _places(length: int, most: int) -> list[slice]:
    """Windows along an axis, half overlapping, that reach from end to end."""
    window = min(length, most)
    count = -(-(length - window) // max(1, window // 2)) + 1
    starts = np.rint(np.linspace(0, length - window, count)).astype(int).tolist()
    return [slice(start, start + window) for start in starts]


def _own_limit(window: Floats, percentile: float) -> float:
    """NaN where it holds too little, or silence only."""
    known = window[np.isfinite(window)]
    if known.size < _ENOUGH * window.size or not known.any():
        return float("nan")
    return clip_limit(known, percentile)


def _interpolated(pixels: NDArray[np.int64], middles: list[float]) -> Callable[[Floats], Floats]:
    return lambda knots: np.interp(pixels, middles, knots)
