"""What two networks differ by in one score, and what is known of it."""

from dataclasses import dataclass

import pandas as pd

from saltseg.comparison.posterior import Chances, Interval, Posterior


@dataclass(frozen=True)
class Difference:
    """First minus second in one score.

    Attributes:
        score: Name of one of `TILE_SCORES`.
        first: Mean over folds of the first's mean over tiles.
        second: The same of the second.
        mean: `first - second`.
        by_fold: Mean difference of each fold, indexed by fold.
        tiles: Paired bootstrap interval over tiles within folds: these trained networks, new tiles.
        folds: Interval over folds: networks trained anew, cut where the scores of 0 to 1 end; 0 to
            0 where all tiles score alike, else None for one fold, and for folds that all differ by
            the same amount.
        p_value: Of the corrected resampled t-test, two-sided; None where `folds` is.
        chances: Of a difference that matters; None where `folds` is.
        posterior: What interval, p-value and chances are read from; None where all tiles score
            alike, and where `folds` is.
    """

    score: str
    first: float
    second: float
    mean: float
    by_fold: "pd.Series[float]"
    tiles: Interval
    folds: Interval | None
    p_value: float | None
    chances: Chances | None
    posterior: Posterior | None


@dataclass(frozen=True)
class HoldoutDifference:
    """First minus second in one score of the hold-out, by the ensemble of each network's folds.

    Attributes:
        score: Name of one of `TILE_SCORES`.
        first: The first's mean over tiles.
        second: The same of the second.
        mean: `first - second`.
        tiles: Paired bootstrap interval over tiles: these ensembles, new tiles.
        count: Number of tiles.
    """

    score: str
    first: float
    second: float
    mean: float
    tiles: Interval
    count: int
