"""Mosaics: tiles put back beside each other, as they lay in the section they were cut from."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from saltseg.array_types import Bytes
from saltseg.tiles.mosaics.borders import Borders
from saltseg.tiles.mosaics.copies import originals

_LEAST = 0.6
"""Correlation below which two borders are no pair, however badly all others fit."""

_CONTRADICTION = 0.3
"""Correlation below which two borders do not lie side by side, whatever else speaks for it."""

Place = NDArray[np.int64]


class Pair(NamedTuple):
    """Two tiles side by side; see `Borders.pairs`."""

    first: int
    second: int
    down: bool
    margin: float

    @property
    def step(self) -> Place:
        """Rows and columns from the first tile to the second."""
        return np.array([self.down, not self.down], np.int64)


def find_mosaics(tiles: Bytes | Borders, ids: Sequence[str], margin: float) -> pd.DataFrame:
    """Find which tiles lay side by side, and where.

    Pairs that fit with at least `margin` are joined, the surest first; then those that fit less
    surely, where two pairs say the same about the same two mosaics. No join is made that would put
    two tiles in one place, or side by side where their borders do not fit. Copies (see `originals`)
    lie where their original lies: beside it they would fit all that it fits.

    Args:
        tiles: Grey levels, (N, H, W) uint8; or the borders of tiles without copies.
        ids: Of the tiles.
        margin: How much better than any other a border must fit, as difference of Fisher's z.

    Returns:
        One row per tile, in order: `id`, `group` (mosaics by number of places, from 0; a tile of
        which no neighbour was found is one of its own), `row`, `column` (both from 0).
    """
    if isinstance(tiles, Borders):
        return _layout(tiles, margin).table(ids)
    kept, place = np.unique(originals(tiles), return_inverse=True)
    found = _layout(Borders(tiles[kept]), margin).table([ids[tile] for tile in kept])
    return found.iloc[place].reset_index(drop=True).assign(id=list(ids))


def _layout(borders: Borders, margin: float) -> "Layout":
    table = borders.pairs().sort_values("margin", ascending=False, kind="stable")
    table = table[table["correlation"] >= _LEAST]
    pairs = [Pair(*row) for row in table[list(Pair._fields)].itertuples(index=False)]
    layout = Layout(borders)
    for pair in pairs:
        if pair.margin >= margin:
            layout.join(pair)
    layout.join_where_two_agree(pair for pair in pairs if pair.margin < margin)
    return layout


class Layout:
    """Tiles on grids; every tile begins as a mosaic of its own."""

    def __init__(self, borders: Borders) -> None:
        """Lay out the tiles of `borders`, each alone."""
        self._borders = borders
        self._mosaic = np.arange(borders.count)
        self._place = np.zeros((borders.count, 2), np.int64)
        self._members = {tile: [tile] for tile in range(borders.count)}

    def join(self, pair: Pair) -> bool:
        """Put two mosaics together so that a pair is side by side; returns whether it now is."""
        one, other = self._mosaic[pair.first], self._mosaic[pair.second]
        shift = self._shift(pair)
        if one == other:
            return not shift.any()
        if len(self._members[one]) < len(self._members[other]):
            one, other, shift = other, one, -shift
        moved = {tile: self._place[tile] + shift for tile in self._members[other]}
        if self._contradicted(one, moved):
            return False
        for tile, place in moved.items():
            self._place[tile], self._mosaic[tile] = place, one
        self._members[one] += self._members.pop(other)
        return True

    def join_where_two_agree(self, pairs: Iterable[Pair]) -> None:
        """Join mosaics of which two pairs or more say the same, until there are none left."""
        waiting = list(pairs)
        while agreed := self._agreed(waiting):
            for said in agreed:
                if not self.join(said[0]):
                    waiting = [pair for pair in waiting if pair not in said]

    def _agreed(self, pairs: Iterable[Pair]) -> list[list[Pair]]:
        """Pairs that say the same about the same two mosaics, the surest together first."""
        said = defaultdict(list)
        for pair in pairs:
            one, other = self._mosaic[pair.first], self._mosaic[pair.second]
            shift = self._shift(pair)
            if one > other:
                one, other, shift = other, one, -shift
            if one != other:
                said[one, other, *shift].append(pair)
        agreed = [pairs for pairs in said.values() if len(pairs) > 1]
        return sorted(agreed, key=lambda pairs: -sum(pair.margin for pair in pairs))

    def table(self, ids: Sequence[str]) -> pd.DataFrame:
        """One row per tile; see `find_mosaics`."""
        table = pd.DataFrame({"id": ids, "row": self._place[:, 0], "column": self._place[:, 1]})
        mosaics = table.groupby(self._mosaic)
        table[["row", "column"]] -= mosaics[["row", "column"]].transform("min")
        # By size, then by the place of their first tile.
        order = mosaics["id"].size().to_frame("size").assign(first=self._first())
        order = order.sort_values(["size", "first"], ascending=[False, True])
        numbers = pd.Series(np.arange(len(order)), order.index)
        table.insert(1, "group", numbers[self._mosaic].to_numpy())
        return table

    def _first(self) -> "pd.Series[int]":
        return pd.Series(np.arange(len(self._mosaic))).groupby(self._mosaic).min()

    def _shift(self, pair: Pair) -> Place:
        """How far the second tile's mosaic must be moved for the pair to be side by side."""
        shift: Place = self._place[pair.first] + pair.step - self._place[pair.second]
        return shift

    def _contradicted(self, mosaic: int, moved: dict[int, Place]) -> bool:
        """Whether tiles would lie on others, or beside some that they do not fit."""
        taken = {tuple(self._place[tile]): tile for tile in self._members[mosaic]}
        for tile, (row, column) in moved.items():
            if (row, column) in taken:
                return True
            for down, right in ((0, 1), (1, 0)):
                before = taken.get((row - down, column - right))
                after = taken.get((row + down, column + right))
                for first, second in ((before, tile), (tile, after)):
                    if first is None or second is None:
                        continue
                    if self._borders.fit(first, second, bool(down)) < _CONTRADICTION:
                        return True
        return False
