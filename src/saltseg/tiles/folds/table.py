"""The fold table: which tile is held out by which fold, in several divisions of the same tiles."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from saltseg.errors import DataError
from saltseg.params import DIVISIONS
from saltseg.tiles.survey import read_table

HOLDOUT = -1
"""Stands in place of a fold's number for tiles that no network ever sees."""


def column_of(division: int) -> str:
    """Column that holds the folds of a division, counted from 0."""
    return f"fold_{division}" if division else "fold"


def read_folds(path: Path) -> pd.DataFrame:
    """Read a fold table; columns as from `make_folds`.

    Raises:
        DataError: The table is missing, lacks a column, or holds in one what cannot be.
    """
    table = read_table(path, ("id", "fold", "coverage_class", "group"))
    return read_table(path, ("id", *_fold_columns(table)))


def divisions(table: pd.DataFrame, folds: Sequence[int]) -> list[tuple[pd.DataFrame, list[int]]]:
    """The divisions that some folds are of.

    Args:
        table: As from `make_folds`.
        folds: Numbers of folds.

    Returns:
        For each division with one of them or more, in order: `table` with its folds in a column
        `fold`, without those of the others; and the numbers that are of it, as ordered in `folds`.

    Raises:
        DataError: The table has no such fold.
    """
    columns = _fold_columns(table)
    kept = [name for name in table if name == column_of(0) or name not in columns]
    found, missing = [], set(folds)
    for column in columns:
        there = set(table[column]) - {HOLDOUT}
        if own := [fold for fold in folds if fold in there]:
            found.append((table[kept].assign(fold=table[column]), own))
            missing -= there
    if missing:
        known = f"0..{table[columns].to_numpy().max()}"
        raise DataError(f"fold {min(missing)} is not in the fold table, which has {known}")
    return found


def _fold_columns(table: pd.DataFrame) -> list[str]:
    """Those that hold folds, a division each."""
    names = [column_of(division) for division in range(DIVISIONS)]
    return [name for name in names if name in table]
