"""Which tiles lie beside each other: the border of one carries on in the border of the other.

Every tile was scaled on its own, so borders are compared by correlation, which a change of
brightness and contrast leaves as it is. The pixels of two borders are one step apart; both are
extrapolated to the edge between them.
"""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from saltseg.array_types import Bytes

Lines = NDArray[np.float32]

FLAT = 4.0
"""Standard deviation of a border, in grey levels, below which it resembles anything."""

_CHANCE = np.sqrt(np.log(1000))
"""What the best of a thousand others reaches by chance, in the standard errors of a margin: where
there are fewer tiles, the next best is no yardstick."""

_BLOCK = 1024
_NONE = -0.999
"""Stands for a correlation that does not count; its Fisher's z is finite."""


class Borders:
    """The four borders of each tile, ready to be correlated."""

    def __init__(self, images: Bytes) -> None:
        """Take the borders of tiles.

        Args:
            images: Grey levels, (N, H, W) uint8, H and W at least 3.
        """
        self.count = len(images)
        self._sides = {
            down: (_edge(images, down, (-1, -2)), _edge(images, down, (0, 1)))
            for down in (False, True)
        }

    def pairs(self) -> pd.DataFrame:
        """Pairs of tiles of which each has the border that fits the other's best.

        They must fit best twice: as they are, and sharpened, since smooth borders resemble many.

        Returns:
            One row per pair: `first` and `second` (places of the tiles), `down` (whether the second
            one lies below the first, else it lies to the right of it), `correlation` of their
            borders, and `margin`: by how much this exceeds the next best of either tile, in
            standard errors of a difference of Fisher's z, the smaller of the two times.
        """
        tables = []
        for down, sides in self._sides.items():
            ends, starts = sides
            varied = ends.std(axis=1) >= FLAT, starts.std(axis=1) >= FLAT
            plain = _mutual(_unit(ends), _unit(starts), *varied)
            sharp = _mutual(_unit(_sharpened(ends)), _unit(_sharpened(starts)), *varied)
            both = plain.merge(sharp, on=["first", "second"], suffixes=("", "_sharp"))
            samples = np.minimum(_samples(ends[both["first"]]), _samples(starts[both["second"]]))
            errors = np.sqrt(samples / 2)
            surely = np.arctanh(both["correlation"].clip(upper=-_NONE)) * errors - _CHANCE
            both["margin"] = both[["margin", "margin_sharp"]].min(axis=1) * errors
            both["margin"] = np.minimum(both["margin"], surely)
            tables.append(both.assign(down=down))
        columns = ["first", "second", "down", "correlation", "margin"]
        return pd.concat(tables, ignore_index=True)[columns]

    def fit(self, first: int, second: int, down: bool) -> float:
        """Correlation of the borders between two tiles; 1 where one of them says too little."""
        one, other = (
            lines[tile] for lines, tile in zip(self._sides[down], (first, second), strict=True)
        )
        if min(one.std(), other.std()) < FLAT:
            return 1.0
        return float(np.corrcoef(one, other)[0, 1])


def _edge(images: Bytes, down: bool, lines: tuple[int, int]) -> Lines:
    """Grey levels half a pixel beyond the outer one of two lines, (N, length)."""
    outer, inner = (images.take(line, axis=1 if down else 2).astype(np.float32) for line in lines)
    return np.asarray(1.5 * outer - 0.5 * inner, np.float32)


def _sharpened(lines: Lines) -> Lines:
    """Lines with each frequency weighted by its square root: half way to the derivative."""
    length = lines.shape[1]
    centred = lines - lines.mean(axis=1, keepdims=True)
    # Twice as long, so that one end does not run into the other.
    spectrum = np.fft.rfft(centred, 2 * length, axis=1)
    spectrum *= np.sqrt(np.arange(spectrum.shape[1]))
    return np.fft.irfft(spectrum, 2 * length, axis=1)[:, :length].astype(np.float32)


def _samples(lines: Lines) -> NDArray[np.float64]:
    """How many independent samples a line is worth: all of them where it is white noise.

    A smooth line, or one with a single bright reflection, resembles others by chance. Counted by
    the participation ratio, once over places and once over frequencies.
    """
    length = lines.shape[1]
    centred = lines.astype(np.float64) - lines.mean(axis=1, keepdims=True)
    spectrum = np.abs(np.fft.rfft(centred, axis=1)[:, 1:])
    # Of normally distributed noise they give a third and a half.
    places, frequencies = 3 * _participation(centred) / length, 2 * _participation(spectrum)
    return np.asarray(length * places * frequencies / spectrum.shape[1])


def _participation(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Over how many values of a row its energy is spread, 1 to all."""
    energy = values**2
    total = np.maximum(energy.sum(axis=1), np.finfo(np.float64).tiny)
    shares = np.maximum(((energy / total[:, None]) ** 2).sum(axis=1), 1 / values.shape[1])
    return np.asarray(1 / shares)


def _unit(lines: Lines) -> Lines:
    """Lines of mean 0 and length 1, whose products are correlations."""
    centred = lines - lines.mean(axis=1, keepdims=True)
    length = np.linalg.norm(centred, axis=1, keepdims=True)
    unit: Lines = centred / np.maximum(length, np.finfo(np.float32).tiny)
    return unit


def _mutual(
    ends: Lines, starts: Lines, ends_count: NDArray[np.bool_], starts_count: NDArray[np.bool_]
) -> pd.DataFrame:
    """Pairs of an end and a start of which each is the other's best.

    Blocks of one matrix product each: the memory taken grows with the number of tiles, not with its
    square.
    """
    count = len(ends)
    after, before = np.zeros(count, np.int64), np.zeros(count, np.int64)
    of_ends, of_starts = np.full((2, count), _NONE), np.full((2, count), _NONE)
    for begin in range(0, count, _BLOCK):
        rows = np.arange(begin, min(begin + _BLOCK, count))
        block = ends[rows] @ starts.T
        block[~ends_count[rows]] = _NONE
        block[:, ~starts_count] = _NONE
        block[np.arange(len(rows)), rows] = _NONE  # no tile lies beside itself
        largest = block.max(axis=0)
        # Of the others nothing changes: after some blocks that is most of them.
        changed = np.flatnonzero(largest > of_starts[1])
        columns = block[:, changed].T
        places = columns.argmax(axis=1)
        better = largest[changed] > of_starts[0, changed]
        before[changed[better]] = rows[places[better]]
        found = np.concatenate([of_starts[:, changed], _two_largest(columns, places)])
        of_starts[:, changed] = np.sort(found, axis=0)[:-3:-1]
        after[rows] = block.argmax(axis=1)
        of_ends[:, rows] = _two_largest(block, after[rows])
    z_ends, z_starts = (np.arctanh(np.clip(best, _NONE, -_NONE)) for best in (of_ends, of_starts))
    first = np.flatnonzero((before[after] == np.arange(count)) & (of_ends[0] > 0))
    second = after[first]
    rival = np.maximum(z_ends[1, first], z_starts[1, second])
    return pd.DataFrame(
        {
            "first": first,
            "second": second,
            "correlation": of_ends[0, first],
            "margin": z_ends[0, first] - rival,
        }
    )


def _two_largest(values: NDArray[np.floating], largest: NDArray[np.intp]) -> NDArray[np.floating]:
    """The largest and the second largest of each row, (2, rows); changes `values`.

    Args:
        values: (rows, n).
        largest: Where the largest of each row is.
    """
    places = np.arange(len(values)), largest
    first = values[places]
    values[places] = _NONE
    return np.stack([first, values.max(axis=1)])
