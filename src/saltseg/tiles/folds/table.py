"""The fold table: which tile is held out by which fold."""

from pathlib import Path

import pandas as pd

from saltseg.tiles.survey import read_table

HOLDOUT = -1
"""Stands in place of a fold's number for tiles that no network ever sees."""


def read_folds(path: Path) -> pd.DataFrame:
    """Read a fold table; columns as from `make_folds`.

    Raises:
        DataError: The table is missing, lacks a column, or holds in one what cannot be.
    """
    return read_table(path, ("id", "fold", "coverage_class", "group"))
