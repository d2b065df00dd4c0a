"""Sections of a survey: runs of traces with one inline or crossline number."""

from dataclasses import dataclass
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

_BRIDGED = 4
"""So many missing traces in a row are replaced by their neighbours; more of them are a gap."""

_FEW = 4


@dataclass(frozen=True)
class Line:
    """One section.

    Attributes:
        name: Of the section within its file.
        traces: The trace of each column, (columns,); where one is missing, its neighbour.
        own: Whether it is the column's own, (columns,) bool.
    """

    name: str
    traces: Numbers
    own: NDArray[np.bool_]


@dataclass(frozen=True)
class Lines:
    """All sections of a file.

    Attributes:
        lines: In the order of the file.
        dead: Traces with inline and crossline 0, which are in no section.
        bridged: Places at which missing traces were replaced by their neighbours.
        gaps: Places at which a section was divided.
    """

    lines: tuple[Line, ...]
    dead: int
    bridged: int
    gaps: int


def single_line(name: str, traces: int) -> Line:
    """All traces as they come."""
    return _line(name, np.arange(traces), np.arange(traces))


def find_lines(ilines: Numbers, xlines: Numbers) -> Lines | None:
    """Find runs of traces with one inline number, or else one crossline number; the other in order.

    Args:
        ilines: Inline number of each trace, (traces,).
        xlines: Crossline numbers.

    Returns:
        The sections; None where the numbers are in no such order. Runs may change direction, as
        ships do.
    """
    for kind, other, numbers, others in (
        ("inline", "crosslines", ilines, xlines),
        ("crossline", "inlines", xlines, ilines),
    ):
        live = np.flatnonzero(~_dead(numbers, others))
        runs = _runs(numbers[live], others[live])
        if runs is not None and len(runs) < len(live):
            return _divided(kind, other, {n: live[run] for n, run in runs.items()}, others)
    return None


def why_none(ilines: Numbers, xlines: Numbers) -> str:
    """What is wrong with numbers in which there are no sections."""
    places = np.stack([ilines, xlines])
    places, counts = np.unique(places[:, places.any(axis=0)], axis=1, return_counts=True)
    if not len(counts):
        return "are 0 everywhere"
    most = counts.argmax()
    if counts[most] > 1:
        iline, xline = places[:, most].tolist()
        return f"name inline {iline}, crossline {xline} for {counts[most]} traces"
    return "are in no order"


def _dead(numbers: Numbers, others: Numbers) -> NDArray[np.bool_]:
    """Traces at (0, 0), unless a neighbour of the same line shows that the survey begins there."""
    zero = (numbers == 0) & (others == 0)
    beside = np.pad((numbers == 0) & (others != 0), 1)
    return zero & ~(beside[2:] | beside[:-2])


def _runs(numbers: Numbers, others: Numbers) -> dict[int, slice] | None:
    """Runs of one number; None where it comes twice, or the other numbers are in no order."""
    runs: dict[int, slice] = {}
    start = 0
    for number, run in groupby(numbers.tolist()):
        stop = start + sum(1 for _ in run)
        steps = np.diff(others[start:stop])
        if number in runs or not ((steps > 0).all() or (steps < 0).all()):
            return None
        runs[number] = slice(start, stop)
        start = stop
    return runs


def _divided(kind: str, other: str, runs: dict[int, Numbers], others: Numbers) -> Lines:
    """Runs as sections, those with gaps as several."""
    steps = {number: np.abs(np.diff(others[run])) for number, run in runs.items()}
    usual = _usual(np.concatenate(list(steps.values())))
    lines: list[Line] = []
    bridged = 0
    for number, run in runs.items():
        # Surveys of several parts may be denser in one than in another.
        own = _usual(steps[number]) if len(steps[number]) >= _FEW else usual
        jumps = np.maximum(1, np.rint(steps[number] / own)).astype(np.int64)
        places = np.concatenate([[0], np.cumsum(jumps)])
        pieces = np.split(np.arange(len(run)), np.flatnonzero(jumps > 1 + _BRIDGED) + 1)
        bridged += int(np.count_nonzero((jumps > 1) & (jumps <= 1 + _BRIDGED)))
        for piece in pieces:
            ends = others[run[piece[[0, -1]]]]
            part = f"-{other}-{ends.min()}-{ends.max()}" if len(pieces) > 1 else ""
            lines.append(_line(f"{kind}-{number}{part}", run[piece], places[piece]))
    dead = len(others) - sum(map(len, runs.values()))
    return Lines(tuple(lines), dead, bridged, len(lines) - len(runs))


def _usual(steps: Numbers) -> int:
    """The step that is most frequent, the least of several."""
    found, counts = np.unique(steps, return_counts=True)
    return int(found[counts.argmax()])


def _line(name: str, traces: Numbers, places: Numbers) -> Line:
    """A section, its missing traces replaced by the nearest ones.

    Args:
        name: Of the section.
        traces: Its traces.
        places: Column of each, in steps from anywhere, rising.
    """
    # A lone trace comes twice: no network sees anything in one column.
    columns = np.arange(max(2, places[-1] - places[0] + 1))
    after = np.clip(np.searchsorted(places - places[0], columns), 0, len(traces) - 1)
    before = np.maximum(after - 1, 0)
    at = places - places[0]
    nearest = np.where(np.abs(at[before] - columns) <= np.abs(at[after] - columns), before, after)
    return Line(name, traces[nearest], at[nearest] == columns)
