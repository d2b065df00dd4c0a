"""Where the spread of a network's scores comes from: its training seed, or its folds."""

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

    As variance components of a random-effects model, folds by training seeds (X. Bouthillier et
    al., "Accounting for Variance in Machine Learning Benchmarks", 2021, arXiv:2103.03098, tell the
    same sources apart).

    Attributes:
        score: Which one.
        mean: Of all runs and folds.
        runs: Trainings of each fold, each with a seed of its own.
        folds: Folds that all of them have.
        training: Variance from one training seed to another, same tiles.
        training_interval: Confidence interval of it.
        division: Variance from fold to fold, the part of training taken out; 0 where there is less
            than training alone would make.
        tiles: What that would be, were the folds drawn at random, mosaics whole: below it where
            they are stratified, above it where folds differ by more than their tiles. None where no
            fold has two mosaics or more.
    """

    score: str
    mean: float
    runs: int
    folds: int
    training: float
    training_interval: Interval
    division: float
    tiles: float | None

    @property
    def rerun(self) -> float:
        """Standard deviation of the mean over folds, from one training seed to another."""
        return float(np.sqrt(self.training / self.folds))


def spread(tables: Sequence[pd.DataFrame], score: str = "map_iou", level: float = 0.95) -> Spread:
    """Split the variance of a score.

    Args:
        tables: For each training seed, a row per out-of-fold tile: `id`, `fold`, the score and
            perhaps `group`; the same tiles in the same folds in each.
        score: Name of the column.
        level: Of the interval.

    Raises:
        DataError: There are fewer than two tables or two folds, or their tiles differ.
    """
    if len(tables) < 2:
        raise DataError("a single run: name two or more that differ in train.seed alone")
    first, *others = (table.sort_values("id", ignore_index=True) for table in tables)
    if any(not first[["id", "fold"]].equals(other[["id", "fold"]]) for other in others):
        raise DataError("the runs have other tiles, or the same in other folds")
    # Rows are tiles, columns are runs.
    scores = np.stack([table[score].to_numpy(float) for table in (first, *others)], axis=1)
    groups = (first["group"] if "group" in first else first.index.to_series()).to_numpy()
    folds = first["fold"].to_numpy()
    each = [(scores[folds == fold], groups[folds == fold]) for fold in np.unique(folds)]
    if len(each) < 2:
        raise DataError("a single fold: nothing tells what folds do; train two or more")
    means = np.array([own.mean(axis=0) for own, _ in each])
    count, degrees = len(tables), len(each) * (len(tables) - 1)
    training = float(means.var(axis=1, ddof=1).mean())
    between = float(means.mean(axis=1).var(ddof=1)) - training / count
    tails = special.chdtri(degrees, [(1 - level) / 2, (1 + level) / 2])
    return Spread(
        score=score,
        mean=float(means.mean()),
        runs=count,
        folds=len(each),
        training=training,
        training_interval=Interval(*(float(degrees * training / tail) for tail in tails)),
        division=max(0.0, between),
        tiles=_of_tiles([fold for fold in each if len(np.unique(fold[1])) > 1]),
    )


_Fold = tuple[NDArray[np.float64], NDArray[np.int64]]
"""Scores (N, runs) of its tiles, and their groups (N,)."""


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
