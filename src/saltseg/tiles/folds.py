"""Folds stratified by salt coverage, and the check that they really are."""

from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedKFold

from saltseg.errors import DataError
from saltseg.tiles.survey import read_table

Labels = NDArray[np.int64]


def coverage_class(coverage: NDArray[np.float64]) -> Labels:
    """Coverage class of each tile: 0 = no salt, k = salt on more than (k-1)/10 up to k/10 of it.

    Args:
        coverage: (N,) salt fractions, 0 to 1.

    Returns:
        (N,) int64, 0 to 10.
    """
    # Rounding first: a fraction like 0.1 + 0.2 is a hair above 0.3, and would land in class 4.
    return np.ceil(np.round(coverage * 10, 9)).astype(np.int64)


def merge_rare(classes: Labels, n_splits: int) -> tuple[Labels, list[str]]:
    """Join classes with fewer tiles than folds to the next lower class that has tiles.

    Class 0, where rare, joins the next higher one.

    Args:
        classes: (N,) coverage classes.
        n_splits: Number of folds.

    Returns:
        (N,) strata to split by, and one sentence per join.
    """
    strata, told = classes.copy(), []
    for value in np.unique(classes)[::-1]:
        members = strata == value
        others = np.unique(strata[~members])
        if members.sum() >= n_splits or not len(others):
            continue
        lower = others[others < value]
        target = lower.max() if len(lower) else others.min()
        told.append(
            f"coverage class {value} has {members.sum()} tiles, fewer than {n_splits} folds: "
            f"split together with class {target}"
        )
        strata[members] = target
    return strata, told


def make_folds(tiles: pd.DataFrame, n_splits: int, seed: int) -> tuple[pd.DataFrame, list[str]]:
    """Divide tiles into folds of even coverage.

    Args:
        tiles: Columns `id` and `coverage`.
        n_splits: Number of folds.
        seed: Random state of the shuffle.

    Returns:
        One row per tile, in order: `id`, `fold`, `coverage_class`; and what was done about
        classes with fewer tiles than folds, a sentence each.

    Raises:
        DataError: There are fewer tiles than folds.
    """
    if len(tiles) < n_splits:
        raise DataError(
            f"split.n_splits: {n_splits} folds need at least as many tiles, but there are "
            f"{len(tiles)}; lower split.n_splits or give more tiles"
        )
    classes = coverage_class(tiles["coverage"].to_numpy())
    strata, told = merge_rare(classes, n_splits)
    splitter = StratifiedKFold(n_splits, shuffle=True, random_state=seed)
    fold = np.full(len(tiles), -1)
    for number, (_, held_out) in enumerate(splitter.split(strata, strata)):
        fold[held_out] = number
    check_spread(strata, fold)
    return pd.DataFrame({"id": tiles["id"], "fold": fold, "coverage_class": classes}), told


def check_spread(strata: Labels, fold: Labels) -> None:
    """Make sure that each stratum is spread over the folds as evenly as whole tiles allow.

    Raises:
        DataError: A fold holds two or more tiles of a stratum more than another.
    """
    counts = pd.crosstab(fold, strata)
    for stratum, column in counts.items():
        if column.max() - column.min() > 1:
            raise DataError(
                f"coverage class {stratum} is spread unevenly over the folds ({column.tolist()} "
                "tiles); the split is not stratified, so scores of folds would not compare"
            )


def spread_table(folds: pd.DataFrame, tiles: pd.DataFrame) -> pd.DataFrame:
    """Tiles, mean coverage and tiles per coverage class of each fold, for people to read."""
    named = folds.assign(coverage=tiles["coverage"].to_numpy())
    table = named.groupby("fold")["coverage"].agg(tiles="size", coverage="mean")
    by_class = pd.crosstab(named["fold"], named["coverage_class"])
    spread: pd.DataFrame = table.join(by_class)
    return spread


def read_folds(path: Path) -> pd.DataFrame:
    """Read a fold table; columns as from `make_folds`.

    Raises:
        DataError: The table is missing, lacks a column, or holds in one what cannot be.
    """
    return read_table(path, ("id", "fold", "coverage_class"))
