"""The competition's CSV files, where every row belongs to one tile, and checks of their ids."""

import csv
import io
import reprlib
from collections.abc import Iterable, Iterator, Sequence, Set
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from saltseg.errors import DataError

# Some 100,000 tiles; a gigabyte once they are read.
MAX_CSV_BYTES = 32 * 2**20
_LONGEST_NAME = 250
_DEEPEST = 1e9


def read_column(path: Path, column: str, content: bytes | None = None) -> dict[str, str]:
    """Read one column of a CSV file as text.

    Args:
        path: A CSV file in UTF-8 with the columns `id` and `column`, each id once.
        column: The column's name.
        content: Of the file, where it comes from a zip and `path` is no more than its name.

    Returns:
        The texts by id; empty where the cell is.

    Raises:
        DataError: The file is unreadable or absurdly large, lacks a column or a cell, or holds an
            id twice or one that is no file name.
    """
    expected = f"expected a CSV file in UTF-8 with the columns id and {column}, between commas"
    if content is None and not path.is_file():
        raise DataError(f"{path}: not a file; {expected}")
    if (path.stat().st_size if content is None else len(content)) > MAX_CSV_BYTES:
        raise DataError(f"{path}: more than {MAX_CSV_BYTES // 2**20} MiB; {expected}")
    cells: dict[str, str] = {}
    doubled: set[str] = set()
    try:
        with path.open("rb") if content is None else io.BytesIO(content) as file:
            for id_, cell in _pairs(file, column):
                if id_ in cells:
                    doubled.add(id_)
                cells[id_] = cell
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: not readable ({error}); {expected}") from None
    _check_none(doubled, str(path))
    return cells


def _pairs(file: BinaryIO, column: str) -> Iterator[tuple[str, str]]:
    """Id and wanted cell of each row; a row of blanks counts as none.

    Raises:
        ValueError: With the line in which the file is no such table.
    """
    csv.field_size_limit(MAX_CSV_BYTES)
    with io.TextIOWrapper(file, encoding="utf-8-sig", newline="") as text:
        rows = csv.reader(text, strict=True)
        try:
            names = next(rows, [])
            if names.count("id") != 1 or names.count(column) != 1:
                raise ValueError(f"the columns are {reprlib.repr(', '.join(names))}")
            for row in rows:
                if not "".join(row).strip():
                    continue
                if len(row) < len(names) or any(row[len(names) :]):
                    raise ValueError(f"{len(row)} cells where the header names {len(names)}")
                id_ = row[names.index("id")]
                if not 0 < len(id_) <= _LONGEST_NAME or not id_.isprintable():
                    raise ValueError(f"the id is {reprlib.repr(id_)}")
                yield id_, row[names.index(column)]
        except UnicodeDecodeError:
            raise  # text is decoded many lines ahead
        except (csv.Error, ValueError) as error:
            raise ValueError(f"line {rows.line_num}: {error}") from None


def read_seismic_depths(
    path: Path, ids: Sequence[str], content: bytes | None = None
) -> NDArray[np.float64]:
    """Read the seismic depth of tiles.

    Args:
        path: `depths.csv` with the columns `id` and `z`; may be missing.
        ids: The tiles wanted; others in the file are passed over.
        content: As for `read_column`.

    Returns:
        (N,) float64 in the file's unit, NaN where the file gives none.

    Raises:
        DataError: The file is unreadable, lacks a column, holds an id twice, or a `z` is no number.
    """
    if content is None and not present(path):
        return np.full(len(ids), np.nan)
    table = pd.Series(read_column(path, "z", content), dtype=str)
    numbers = pd.to_numeric(table, errors="coerce").astype(np.float64)
    wrong = table.index[(table.str.strip() != "") & ~(numbers.abs() < _DEEPEST)]
    if len(wrong):
        raise DataError(
            f"{path}: tile {wrong[0]}: z is {reprlib.repr(table[wrong[0]])}; expected a number"
            " below a billion, or nothing where the depth is unknown"
        )
    return np.asarray(numbers.reindex(list(ids)), dtype=np.float64)


def check_unique(ids: Sequence[str], where: str) -> None:
    """Raise `DataError`, beginning with `where`, if sorted `ids` hold one twice."""
    _check_none({a for a, b in pairwise(ids) if a == b}, where)


def _check_none(doubled: Set[str], where: str) -> None:
    if doubled:
        raise DataError(
            f"{where} holds {few(doubled)} more than once; expected each id once, so remove the"
            " surplus"
        )


def present(path: Path) -> bool:
    """Whether there is something, be it a broken link: to pass that over would hide a mistake."""
    return path.exists() or path.is_symlink()


def few(ids: Iterable[str]) -> str:
    """The number of tiles and the first three ids, for error messages."""
    names = sorted(ids)
    listed = ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
    return f"{len(names)} tile{'s' * (len(names) > 1)} ({listed})"
