"""Two cross-validations of the same tiles, compared tile by tile: how much, and how sure."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

import pandas as pd

from saltseg.comparison.defaults import ROPE
from saltseg.comparison.differences import Difference, HoldoutDifference
from saltseg.comparison.holdout import holdout_differences
from saltseg.comparison.outlook import outlook
from saltseg.comparison.paired import bootstrap_interval
from saltseg.comparison.posterior import Chances, Interval, fit_posterior, possible
from saltseg.comparison.tile_pairs import class_rows, groups_of, pair_tiles, shared_scores
from saltseg.comparison.verdict import holdout_sentence, verdict_sentence
from saltseg.errors import DataError


@dataclass(frozen=True)
class Cost:
    """What a network takes; None where nothing has recorded it.

    Attributes:
        parameters: Weights of the network.
        gflops: Of one tile, forward.
        epoch_seconds: Median over epochs and folds, validation included.
        peak_memory_mib: Largest resident set of a training process.
    """

    parameters: int | None
    gflops: float | None
    epoch_seconds: float | None = None
    peak_memory_mib: float | None = None


@dataclass(frozen=True)
class Contestant:
    """One cross-validated network.

    Attributes:
        label: Unique among those compared, such as "resnet50 ledgy-glee".
        tiles: One row per out-of-fold tile and division: `id`, `fold`, `coverage_class`,
            `coverage`, and those of `TILE_SCORES` that its commit knew, `map_iou` among them.
        curves: One row per fold and epoch: `fold`, `epoch`, losses and metrics.
        n_splits: Folds of a division; `tiles` may hold fewer, or those of several divisions.
        cost: Size, time and memory.
        holdout: One row per tile of the hold-out, columns as `tiles`, scored by all folds together;
            without rows where there is none.
    """

    label: str
    tiles: pd.DataFrame
    curves: pd.DataFrame
    n_splits: int
    cost: Cost
    holdout: pd.DataFrame = field(default_factory=lambda: pd.DataFrame({"id": []}))

    @property
    def fold_seconds(self) -> float | None:
        """What training one fold took; None where epochs were not timed."""
        if self.cost.epoch_seconds is None or self.curves.empty:
            return None
        return self.cost.epoch_seconds * float(self.curves.groupby("fold").size().mean())


@dataclass(frozen=True)
class Comparison:
    """The first network against the second.

    Attributes:
        first: Its label.
        second: Its label.
        level: Confidence level of every interval.
        rope: Differences up to so much do not matter (region of practical equivalence).
        differences: Of those of `TILE_SCORES` that both have, in this order, `map_iou` first.
        classes: One row per coverage class, of map_iou: `coverage_class`, `tiles`, `first`,
            `second`, `difference`, `low`, `high` (bootstrap interval over tiles).
        verdict: One plain sentence, and one on the hold-out where there is one.
        holdout: Differences of the hold-out; none where one of the two has none.
        outlook: What it would take to decide; empty where the verdict does, or where nothing tells.
    """

    first: str
    second: str
    level: float
    rope: float
    differences: tuple[Difference, ...]
    classes: pd.DataFrame
    verdict: str
    holdout: tuple[HoldoutDifference, ...] = ()
    outlook: str = ""


def compare(
    first: Contestant,
    second: Contestant,
    *,
    level: float = 0.95,
    rope: float = ROPE,
    comparisons: int = 1,
    seed: int = 1337,
) -> Comparison:
    """Compare two networks on the tiles that both have scored.

    Args:
        first: Its folds, coverage classes and, where both have a column `group`, groups count.
        second: The other.
        level: Confidence level of all comparisons together.
        rope: Largest difference of a score that does not matter, 0 or more.
        comparisons: How many are made side by side; each gets Bonferroni's share of the doubt,
            so that level becomes 1 - (1 - level) / comparisons. P-values stay as they are: hold
            them against 1 - `Comparison.level`.
        seed: Of the bootstrap.

    Raises:
        DataError: The two share no tile.
    """
    level = 1 - (1 - level) / comparisons
    pairs = _shared_tiles(first, second)
    # The fewer the splits, the larger the correction: should the two differ, the careful one.
    splits = min(first.n_splits, second.n_splits)
    interval = partial(bootstrap_interval, level=level, seed=seed)
    differ = partial(_difference, pairs, interval, level=level, rope=rope)
    differences = tuple(
        differ(score, test_to_train=1 / (splits - 1)) for score in shared_scores(pairs)
    )
    holdout = holdout_differences(first.holdout, second.holdout, interval)
    deciding, seconds = differences[0], {one.label: one.fold_seconds for one in (first, second)}
    sentences = [verdict_sentence(first.label, second.label, deciding, len(pairs), level, rope)]
    sentences += [holdout_sentence(difference, level) for difference in holdout[:1]]
    return Comparison(
        first=first.label,
        second=second.label,
        level=level,
        rope=rope,
        differences=differences,
        classes=class_rows(pairs, interval),
        verdict=" ".join(sentences),
        holdout=holdout,
        outlook=outlook(deciding, splits, level, rope, seconds),
    )


def _shared_tiles(first: Contestant, second: Contestant) -> pd.DataFrame:
    pairs = pair_tiles(first.tiles, second.tiles)
    if pairs.empty:
        raise DataError(
            f"{first.label} and {second.label} share no tile; compare runs of the same dataset "
            "and folds"
        )
    return pairs


def _difference(
    pairs: pd.DataFrame,
    interval: Callable[..., Interval],
    score: str,
    *,
    test_to_train: float,
    level: float,
    rope: float,
) -> Difference:
    one, other = pairs[f"{score}_first"], pairs[f"{score}_second"]
    folds = pairs["fold_first"].rename("fold")
    first, second = (float(side.groupby(folds).mean().mean()) for side in (one, other))
    by_fold = (one - other).groupby(folds).mean()
    over_folds = p_value = chances = None
    if posterior := fit_posterior(by_fold, test_to_train):
        over_folds = possible(posterior.interval(level), first, second)
        p_value, chances = posterior.p_value(), posterior.chances(rope)
    elif not (one - other).any():
        over_folds, p_value, chances = Interval(0, 0), 1.0, Chances(0, 1, 0)
    return Difference(
        score=score,
        first=first,
        second=second,
        mean=first - second,
        by_fold=by_fold,
        tiles=interval(one - other, folds, groups_of(pairs)),
        folds=over_folds,
        p_value=p_value,
        chances=chances,
        posterior=posterior,
    )
