"""Folds of even salt coverage, with the tiles of a mosaic together where that is asked for.

The same tiles are divided several times over, each time into other folds: repeated cross-validation
(R. R. Bouckaert and E. Frank, "Evaluating the replicability of significance tests for comparing
learning algorithms", PAKDD 2004, LNAI 3056, 3-12).
"""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np
import pandas as pd
from sklearn.model_selection import (
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
)

from saltseg.errors import DataError
from saltseg.params import DIVISIONS, Split
from saltseg.tiles.folds.strata import Labels, coverage_class, merge_rare
from saltseg.tiles.folds.table import HOLDOUT, column_of

_FINEST = 20
"""Parts that a hold-out of whole mosaics is put together from, at most."""

_OTHER_SHARE = 0.01
"""Difference of the hold-out's share from the one asked for that is worth a word."""

_UNEVEN = 0.05
"""Difference of mean coverage that is worth a word."""


def make_folds(
    tiles: pd.DataFrame, groups: Labels, options: Split
) -> tuple[pd.DataFrame, list[str]]:
    """Divide tiles into folds of even coverage, and a hold-out where one is asked for.

    The hold-out is the same in all divisions.

    Args:
        tiles: Columns `id` and `coverage`.
        groups: The mosaic of each tile, (N,); a tile on its own has a number of its own.
        options: Number of folds, strategy, random state of the shuffle and share of the hold-out.

    Returns:
        One row per tile, in order: `id`, `fold` (`HOLDOUT` for the hold-out), `coverage_class`,
        `group`, and `fold_1`, `fold_2` and so on, the folds of further divisions, numbered on from
        those before; and what people should know, a sentence each: classes with fewer tiles than
        folds, folds of the first division that could not be made even.

    Raises:
        DataError: There are fewer tiles, or with `grouped` fewer mosaics, than folds.
    """
    classes = coverage_class(tiles["coverage"].to_numpy())
    kept = np.arange(len(tiles))
    remarks: list[str] = []
    if options.holdout:
        unseen, remarks = _hold_out(classes, groups, options)
        kept = np.setdiff1d(kept, unseen)
    _check_enough(groups[kept], options)
    strata, rare = merge_rare(classes[kept], options.n_splits)
    table = pd.DataFrame(
        {"id": tiles["id"], "fold": HOLDOUT, "coverage_class": classes, "group": groups}
    )
    for division in range(DIVISIONS):
        fold = np.full(len(tiles), HOLDOUT)
        fold[kept] = _divide(strata, groups[kept], options, division)
        table[column_of(division)] = fold
    return table, [*remarks, *rare, *_unevenness(table["fold"].to_numpy(), tiles["coverage"])]


def _divide(strata: Labels, groups: Labels, options: Split, division: int) -> Labels:
    """Fold of each tile in a division."""
    grouped = options.strategy == "grouped"
    kind = StratifiedGroupKFold if grouped else StratifiedKFold
    # The first division is that of commits which knew no other.
    later = np.random.SeedSequence((options.seed, division)).generate_state(1)[0]
    seed = int(later) if division else options.seed
    splitter = kind(options.n_splits, shuffle=True, random_state=seed)
    fold = np.empty(len(strata), np.int64)
    for number, (_, own) in enumerate(splitter.split(strata, strata, groups if grouped else None)):
        fold[own] = division * options.n_splits + number
    if not grouped:
        check_spread(strata, fold)
    return fold


def _hold_out(classes: Labels, groups: Labels, options: Split) -> tuple[Labels, list[str]]:
    """Places of the tiles that no network sees, and sentences on rare classes."""
    if options.strategy == "stratified":
        strata, remarks = merge_rare(classes, int(np.ceil(1 / options.holdout)))
        shuffle = StratifiedShuffleSplit(1, test_size=options.holdout, random_state=options.seed)
        try:
            ((_, unseen),) = shuffle.split(strata, strata)
        except ValueError as error:
            raise DataError(_too_few(len(classes), "tiles", options)) from error
        return unseen, remarks
    share = Fraction(options.holdout).limit_denominator(_FINEST) or Fraction(1, _FINEST)
    if len(np.unique(groups)) < share.denominator:
        raise DataError(_too_few(len(np.unique(groups)), "mosaics and single tiles", options))
    strata, remarks = merge_rare(classes, share.denominator)
    splitter = StratifiedGroupKFold(share.denominator, shuffle=True, random_state=options.seed)
    parts = [part for _, part in splitter.split(strata, strata, groups)]
    unseen = np.concatenate(parts[: share.numerator])
    made = len(unseen) / len(classes)
    if abs(made - options.holdout) > _OTHER_SHARE:
        remarks = [
            *remarks,
            f"the hold-out has {made:.1%} of the tiles in place of {options.holdout:.1%}: it is put"
            " together from whole mosaics, in twentieths of the tiles",
        ]
    return unseen, remarks


def _check_enough(groups: Labels, options: Split) -> None:
    count, what = len(groups), "tiles"
    if options.strategy == "grouped":
        count, what = len(np.unique(groups)), "mosaics and single tiles"
    if count < options.n_splits:
        raise DataError(_too_few(count, what, options))


def _too_few(count: int, what: str, options: Split) -> str:
    without = f" and a hold-out of {options.holdout}" if options.holdout else ""
    return (
        f"split.n_splits: {options.n_splits} folds{without} need more than {count} {what}; "
        "lower split.n_splits or give more tiles"
    )


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


def _unevenness(fold: Labels, coverage: "pd.Series[float]") -> Iterator[str]:
    means = coverage.groupby(fold).mean()
    for number, mean in means.items():
        if abs(mean - coverage.mean()) > _UNEVEN:
            name = "the hold-out" if number == HOLDOUT else f"fold {number}"
            yield (
                f"{name} has a mean coverage of {mean:.2f}, all tiles {coverage.mean():.2f}: whole "
                "mosaics divide no better; its score compares badly with those of other folds"
            )


def spread_table(folds: pd.DataFrame, tiles: pd.DataFrame) -> pd.DataFrame:
    """Tiles, mean coverage and tiles per coverage class of each fold, for people to read."""
    named = folds.assign(
        coverage=tiles["coverage"].to_numpy(),
        fold=folds["fold"].astype(str).replace(str(HOLDOUT), "hold-out"),
    )
    table = named.groupby("fold")["coverage"].agg(tiles="size", coverage="mean")
    by_class = pd.crosstab(named["fold"], named["coverage_class"])
    spread: pd.DataFrame = table.join(by_class)
    return spread
