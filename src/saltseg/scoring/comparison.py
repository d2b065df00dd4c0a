"""Two cross-validations of the same tiles, compared tile by tile: how much, and how sure."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray


@dataclass(frozen=True)
class Cost:
    """What a network takes; None where nothing has recorded it.

    Attributes:
        parameters: Weights of the network.
        gflops: Of one tile, forward.
        epoch_seconds: Median over epochs and folds, validation included.
        peak_memory_mib: Largest resident set of a training process.
    """

    parameters: int
    gflops: float
    epoch_seconds: float | None = None
    peak_memory_mib: float | None = None


@dataclass(frozen=True)
class Contestant:
    """One cross-validated network.

    Attributes:
        label: Unique among those compared, such as "resnet50 ledgy-glee".
        tiles: One row per out-of-fold tile: `id`, `fold`, `coverage_class`, `coverage`, `iou`,
            `map_iou`, `dice`.
        curves: One row per fold and epoch: `fold`, `epoch`, losses and metrics.
        n_splits: Folds that the data were divided into, of which `tiles` may hold fewer.
        cost: Size, time and memory.
    """

    label: str
    tiles: pd.DataFrame
    curves: pd.DataFrame
    n_splits: int
    cost: Cost


@dataclass(frozen=True)
class Interval:
    """A confidence interval."""

    low: float
    high: float


@dataclass(frozen=True)
class Difference:
    """First minus second in one score; positive where the first is better.

    Attributes:
        score: `map_iou`, `iou` or `dice`.
        first: Mean over folds of the first's mean over tiles.
        second: The same of the second.
        mean: `first - second`.
        by_fold: Mean difference of each fold, indexed by fold.
        tiles: Paired bootstrap interval over tiles within folds: these trained networks, new tiles.
        folds: Corrected resampled t interval over folds: networks trained anew; None for one fold.
        p_value: Of the corrected resampled t-test, two-sided; None for one fold.
    """

    score: str
    first: float
    second: float
    mean: float
    by_fold: "pd.Series[float]"
    tiles: Interval
    folds: Interval | None
    p_value: float | None


@dataclass(frozen=True)
class Comparison:
    """The first network against the second.

    Attributes:
        first: Its label.
        second: Its label.
        level: Confidence level of every interval.
        differences: Of map_iou, iou and dice, in this order.
        classes: One row per coverage class, of map_iou: `coverage_class`, `tiles`, `first`,
            `second`, `difference`, `low`, `high` (bootstrap interval over tiles).
        verdict: One plain sentence.
    """

    first: str
    second: str
    level: float
    differences: tuple[Difference, ...]
    classes: pd.DataFrame
    verdict: str


@dataclass(frozen=True)
class DisputedTile:
    """A tile on which contestants disagree, as the report shows it.

    Attributes:
        tile: Its id.
        fold: The fold that held it out.
        image: (H, W) uint8.
        mask: (H, W) uint8, 0 or 1.
        probabilities: One (H, W) uint8 per contestant, 255 = certainly salt.
    """

    tile: str
    fold: int
    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    probabilities: tuple[NDArray[np.uint8], ...]
