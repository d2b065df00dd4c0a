"""The competition's CSV files, where every row belongs to one tile, and checks of their ids."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from saltseg.errors import DataError


def read_column(path: Path, column: str) -> dict[str, str]:
    """Read one column of a CSV file as text.

    Args:
        path: A CSV file in UTF-8 with the columns `id` and `column`, each id once.
        column: The column's name.

    Returns:
        The texts by id; empty where the cell is.

    Raises:
        DataError: The file is unreadable, lacks a column or holds an id twice.
    """
    expected = f"expected a CSV file in UTF-8 with the columns id and {column}"
    if not path.is_file():
        raise DataError(f"{path}: not a file; {expected}")
    try:
        # An id may look like a number or like NA; and ids must never turn into row labels.
        table = pd.read_csv(path, dtype=str, keep_default_na=False, index_col=False)
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: not readable ({reason}); {expected}") from None
    if not {"id", column} <= set(table.columns):
        names = ", ".join(map(str, table.columns[:5]))
        raise DataError(f"{path}: the columns are {names}; {expected}, so name them so")
    check_unique(sorted(table["id"].fillna("")), str(path))
    return dict(zip(table["id"], table[column].fillna(""), strict=True))


def read_seismic_depths(path: Path, ids: Sequence[str]) -> NDArray[np.float64]:
    """Read the seismic depth of tiles.

    Args:
        path: `depths.csv` with the columns `id` and `z`; may be missing.
        ids: The tiles wanted; others in the file are passed over.

    Returns:
        (N,) float64 in the file's unit, NaN where the file gives none.

    Raises:
        DataError: The file is unreadable, lacks a column, holds an id twice, or a `z` is no number.
    """
    if not path.exists():
        return np.full(len(ids), np.nan)
    table = pd.Series(read_column(path, "z"), dtype=str)
    numbers = pd.to_numeric(table, errors="coerce").astype(np.float64)
    wrong = table.index[(table.str.strip() != "") & ~np.isfinite(numbers)]
    if len(wrong):
        raise DataError(
            f"{path}: tile {wrong[0]}: z is {table[wrong[0]]!r}; expected a number, or nothing"
            " where the depth is unknown"
        )
    return np.asarray(numbers.reindex(list(ids)), dtype=np.float64)


def check_unique(ids: Sequence[str], where: str) -> None:
    """Raise `DataError`, beginning with `where`, if sorted `ids` hold one twice."""
    doubled = sorted({a for a, b in pairwise(ids) if a == b})
    if doubled:
        raise DataError(
            f"{where} holds {few(doubled)} more than once; expected each id once, so remove the"
            " surplus"
        )


def few(ids: Iterable[str]) -> str:
    """The number of tiles and the first three ids, for error messages."""
    names = sorted(ids)
    listed = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return f"{len(names)} tile{'s' * (len(names) > 1)} ({listed})"
