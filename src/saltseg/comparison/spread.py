"""Where the spread of a network's scores comes from: its training seed, divisions, or tiles."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import special

from saltseg.comparison.posterior import Interval
from saltseg.errors import DataError


@dataclass(frozen=True)
class Spread:
    """Variances of the score of one fold, by what makes it vary.

    As variance components of a random-effects model: training seeds within folds within divisions
    of the same tiles (X. Bouthillier et al., "Accounting for Variance in Machine Learning
    Benchmarks", 2021, arXiv:2103.03098, tell the same sources apart).

    Attributes:
        score: Which one.
        mean: Of all runs and folds.
        runs: Trainings of each fold, each with a seed of its own.
        folds: Folds that all of them have, of all divisions.
        divisions: Divisions of the tiles that these folds are of.
        training: Variance from one training seed to another, same tiles.
        training_interval: Confidence interval of it.
        division: Variance from one division to another, in all of its folds alike, the part of its
            folds and of training taken out; 0 where there is less than these alone would make, None
            for a single division.
        between: Variance from fold to fold of one division, the part of training taken out; 0 where
            there is less than training alone would make.
        tiles: What that would be, were the folds drawn at random, mosaics whole: below it where
            they are stratified, above it where folds differ by more than their tiles. None where no
            fold has two mosaics or more.
        rest: What `between` has beyond `tiles`: which tiles were trained on, for one.
    """

    score: str
    mean: float
    runs: int
    folds: int
    divisions: int
    training: float
    training_interval: Interval
    division: float | None
    between: float
    tiles: float | None
    rest: float

    @property
    def rerun(self) -> float:
        """Standard deviation of the mean over folds, from one training seed to another."""
        return float(np.sqrt(self.training / self.folds))


def spread(
    tables: Sequence[pd.DataFrame], n_splits: int, score: str = "map_iou", level: float = 0.95
) -> Spread:
    """Split the variance of a score.

    Args:
        tables: For each training seed, a row per out-of-fold tile: `id`, `fold`, the score and
            perhaps `group`; the same tiles in the same folds in each. Folds 0 to n_splits - 1 are
            those of one division of the tiles, the next n_splits those of another, and so on.
        n_splits: Folds of a division.
        score: Name of the column.
        level: Of the interval.

    Raises:
        DataError: There are fewer than two tables, or two folds of a division, or their tiles
            differ.
    """
    each = _folds(tables, score)
    means = np.array([own.mean(axis=0) for own, _ in each.values()])
    numbers = np.array(list(each)) // n_splits
    divisions = [means[numbers == one] for one in np.unique(numbers)]
    degrees = sum(len(own) - 1 for own in divisions)
    if not degrees:
        raise DataError(
            "a single fold, or one of each division: nothing tells what folds do; train two or more"
        )
    count = len(tables)
    training = float(means.var(axis=1, ddof=1).mean())
    squares = sum(float(own.mean(axis=1).var()) * len(own) for own in divisions)
    between = max(0.0, squares / degrees - training / count)
    tiles = _of_tiles([fold for fold in each.values() if len(np.unique(fold[1])) > 1])
    rest = max(0.0, between - (tiles or 0.0))
    trained = len(each) * (count - 1)
    tails = special.chdtri(trained, [(1 - level) / 2, (1 + level) / 2])
    return Spread(
        score=score,
        mean=float(means.mean()),
        runs=count,
        folds=len(each),
        divisions=len(divisions),
        training=training,
        training_interval=Interval(*(float(trained * training / tail) for tail in tails)),
        division=_of_divisions(divisions, n_splits, training, tiles or 0.0, rest),
        between=between,
        tiles=tiles,
        rest=rest,
    )


_Fold = tuple[NDArray[np.float64], NDArray[np.int64]]
"""Scores (N, runs) of its tiles, and their groups (N,)."""


def _folds(tables: Sequence[pd.DataFrame], score: str) -> dict[int, _Fold]:
    """What `spread` says of its tables, by fold."""
    if len(tables) < 2:
        raise DataError("a single run: name two or more that differ in train.seed alone")
    first, *others = (table.sort_values(["id", "fold"], ignore_index=True) for table in tables)
    if any(not first[["id", "fold"]].equals(other[["id", "fold"]]) for other in others):
        raise DataError("the runs have other tiles, or the same in other folds")
    scores = np.stack([table[score].to_numpy(float) for table in (first, *others)], axis=1)
    groups = (first["group"] if "group" in first else first.index.to_series()).to_numpy()
    folds = first["fold"].to_numpy()
    return {int(fold): (scores[folds == fold], groups[folds == fold]) for fold in np.unique(folds)}


def _of_divisions(
    divisions: Sequence[NDArray[np.float64]],
    n_splits: int,
    training: float,
    tiles: float,
    rest: float,
) -> float | None:
    """Variance of divisions, without what their folds and training make of it.

    All folds of a division together hold the same tiles as those of another, so that only where
    some of them are missing tiles make a difference.

    Args:
        divisions: Means over tiles (folds, runs), of each.
        n_splits: Folds of a whole division.
        training: Variance from one training seed to another.
        tiles: Variance of a fold's mean over tiles.
        rest: Variance from fold to fold beyond that.
    """
    if len(divisions) < 2:
        return None
    runs = divisions[0].shape[1]
    share = float(np.mean([1 / len(own) for own in divisions]))
    theirs = (training / runs + rest) * share + tiles * (share - 1 / n_splits)
    means = np.array([own.mean() for own in divisions])
    return max(0.0, float(means.var(ddof=1) - theirs))


def _of_tiles(folds: Sequence[_Fold]) -> float | None:
    """Variance of a fold's mean over tiles drawn at random, without what training adds to it."""
    found = []
    for scores, groups in folds:
        runs: int = scores.shape[1]
        steady = scores.mean(axis=1)
        rest = (scores - steady[:, None]).T
        noise = sum(_of_a_mean(one, groups) for one in rest) / (runs - 1)
        found.append(_of_a_mean(steady, groups) - noise / runs)
    return max(0.0, float(np.mean(found))) if found else None


def _of_a_mean(values: NDArray[np.float64], groups: NDArray[np.int64]) -> float:
    """Variance of a mean whose groups are drawn whole (linearised ratio of their sums)."""
    _, member = np.unique(groups, return_inverse=True)
    sums = np.bincount(member, values - values.mean())
    return float((sums**2).sum() * len(sums) / (len(sums) - 1) / len(values) ** 2)
