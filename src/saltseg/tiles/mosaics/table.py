"""The table of mosaics: which tile lies where in which one."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from saltseg.errors import DataError
from saltseg.tiles.survey import read_table


def mosaic_sentence(mosaics: pd.DataFrame) -> str:
    """How many mosaics were found, how much of the survey lies in them, and how many copies."""
    places = without_copies(mosaics)
    sizes = places["group"].value_counts()
    found, copies = sizes[sizes > 1], len(mosaics) - len(places)
    also = f"; {copies} are copies of others" * bool(copies)
    if found.empty:
        return f"no two of {len(mosaics)} tiles fit each other clearly{also}"
    return (
        f"{found.sum()} of {len(mosaics)} tiles lie in {len(found)} mosaics, the largest of "
        f"{found.max()}{also}"
    )


def without_copies(mosaics: pd.DataFrame) -> pd.DataFrame:
    """One row for each place: copies of a tile share its mosaic, row and column."""
    return mosaics.drop_duplicates(["group", "row", "column"])


def groups_of(mosaics: pd.DataFrame, ids: "pd.Series[str]") -> NDArray[np.int64]:
    """The mosaic of each of some tiles.

    Raises:
        DataError: One of them is not in the table.
    """
    groups = mosaics.set_index("id")["group"].reindex(ids)
    if groups.isna().any():
        missing = groups.index[groups.isna()][0]
        raise DataError(f"tile {missing} has no row in data/mosaics.csv; run `dvc repro`")
    return groups.to_numpy(np.int64)


def read_mosaics(path: Path) -> pd.DataFrame:
    """Read a table as from `find_mosaics`.

    Raises:
        DataError: The table is missing, lacks a column, or holds in one what cannot be.
    """
    return read_table(path, ("id", "group", "row", "column"))
