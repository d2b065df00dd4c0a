"""Values that stand for "nothing was recorded here" among seismic amplitudes."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from saltseg.inference.grey.amplitudes import as_floats

Mask = NDArray[np.bool_]
RUN = 8
"""Samples along a trace: amplitudes of integers, or clipped ones, repeat, but not for so long."""
_LEAST, _SHARE = 10, 1e-3
"""How often, and in which share of all, a value must occur to be looked at; the first is enough of
one that is far from whatever occurs less often."""
_TIMES = 10
"""A null occurs so many times as often as the values next to it."""
_FAR = 2.0
"""Far out is what lies so many times the loudest other amplitude from zero."""
_EXACT = 0.9
"""Share of the other values that occur once: floats that nothing has rounded."""
_CLOSE = 0.01
"""Of the range of values."""
_REST = 0.01
"""Share of a file that must be something else: else it is just of one colour."""
_VARIED = 16
"""Values that the rest must have at least; a drawing has fewer."""
_MANY = 3
"""Values that mean none: hardly a file has more."""
_SILENT = 1e-6
"""Of the median amplitude."""
_SAME = 1e-6
"""Relative: -999.25 and 1e30 lose digits in a SEG-Y file."""


@dataclass(frozen=True)
class Null:
    """A value that means that there is none.

    Attributes:
        value: NaN and infinity, which is of either sign, are possible, too.
        alone: Whether a single sample of it counts, or only a run of `RUN` along a trace.
    """

    value: float
    alone: bool = True

    def equals(self, amplitudes: NDArray[np.number]) -> Mask:
        """Where amplitudes, of any shape, are this value."""
        if np.isnan(self.value):
            return np.asarray(np.isnan(amplitudes))
        if np.isinf(self.value):
            return np.asarray(np.isinf(amplitudes))
        numbers = as_floats(amplitudes)
        with np.errstate(invalid="ignore"):
            close = np.abs(numbers - self.value) < _SAME * abs(self.value)
        return np.asarray(close | (numbers == self.value))


@dataclass(frozen=True)
class Blank:
    """What the holes of a file look like.

    Attributes:
        nulls: Values, with their share of the samples looked at.
        step: Where a trace changes by no more for `RUN` samples, nothing was recorded; None where
            that happens to amplitudes, too: those that are whole numbers or rounded.
        ends: The lowest and the highest amplitude, at which traces may have been cut off.
    """

    nulls: Mapping[Null, float]
    step: float | None = None
    ends: tuple[float, float] = (-np.inf, np.inf)


def find_blank(sample: NDArray[np.number]) -> Blank:
    """Guess from a part of a file which values are none.

    Such a value repeats exactly, and either lies far from all others or occurs many times as often
    as its neighbours in value; but for the ends of the range, which clipping makes.

    Args:
        sample: Any shape.

    Returns:
        The commonest value first. NaN is not among them: it never is an amplitude.
    """
    numbers = as_floats(sample).ravel()
    values, counts = np.unique(numbers[np.isfinite(numbers)], return_counts=True)
    if len(values) == 1:
        return Blank({Null(float(values[0]), alone=False): 1.0})
    rare = np.abs(values[counts < _LEAST]).max(initial=0)
    often = np.flatnonzero(
        (counts >= _LEAST)
        & ((counts >= _SHARE * counts.sum()) | ((rare > 0) & (np.abs(values) > _FAR * rare)))
    )
    spikes = {place for place in often.tolist() if _is_spike(counts, place)}
    rest = np.delete(np.arange(len(values)), sorted(spikes))
    if len(rest) < _VARIED or counts[rest].sum() < _REST * counts.sum():
        return Blank({})
    loudest = np.abs(values[rest]).max()
    exact = bool((counts[rest] == 1).mean() > _EXACT)
    found = {}
    for place in sorted(spikes, key=lambda place: -counts[place]):
        value = float(values[place])
        far = bool(abs(value) > _FAR * loudest)
        if far or not _is_clipped(values, counts, place):
            null = Null(value, alone=far or (exact and value != 0))
            found[null] = float(counts[place] / numbers.size)
    # Many values of which each repeats are those of traces that go on with their last sample.
    if len(found) > _MANY:
        found = {null: share for null, share in found.items() if abs(null.value) > _FAR * loudest}
    if not exact:
        return Blank(found)
    step = _SILENT * float(np.median(np.abs(values[rest])))
    return Blank(found, step, (float(values[rest[0]]), float(values[rest[-1]])))


def _is_spike(counts: NDArray[np.int64], place: int) -> bool:
    beside = [counts[other] for other in (place - 1, place + 1) if 0 <= other < len(counts)]
    return bool(beside) and counts[place] > _TIMES * max(beside)


def _is_clipped(values: NDArray[np.float64], counts: NDArray[np.int64], place: int) -> bool:
    """Whether what is louder than a value was cut off there.

    Then both ends of the range repeat about as often, or the value lies close to the next. Nothing
    but zero fills up what is missing in files of grey levels.
    """
    last = len(values) - 1
    if place not in (0, last):
        return False
    other = last - place
    alike = _is_spike(counts, other) and counts[place] < _TIMES * counts[other]
    gap = abs(values[place] - values[1 if place == 0 else last - 1])
    return bool(alike or (gap < _CLOSE * (values[-1] - values[0]) and values[place] != 0))


def holes(section: NDArray[np.number], blank: Blank) -> Mask:
    """Where a section holds none.

    Args:
        section: Amplitudes, (samples, traces).
        blank: What is looked for besides NaN.

    Returns:
        (samples, traces), True where there is nothing.
    """
    found: Mask = np.isnan(section)
    for null in blank.nulls:
        same = null.equals(section)
        found |= same if null.alone else _runs(same, RUN)
    if blank.step is not None:
        numbers = as_floats(section)
        with np.errstate(invalid="ignore"):
            flat = _runs(np.abs(np.diff(numbers, axis=0)) <= blank.step, RUN - 1)
        low, high = blank.ends
        inside = (numbers > low) & (numbers < high)
        found[1:] |= flat & inside[1:]
        found[:-1] |= flat & inside[:-1]
    return found


def _runs(marked: Mask, least: int) -> Mask:
    """What is marked in so many rows below each other, or from end to end."""
    if not marked.any():
        return marked
    along = np.ones((min(least, len(marked)), 1), bool)
    return np.asarray(ndimage.binary_opening(marked, along))
