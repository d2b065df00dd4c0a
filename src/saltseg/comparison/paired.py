"""How sure a mean of paired differences is over tiles: these trained networks, other tiles."""

from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from saltseg.comparison.posterior import Interval

_BATCH = 2_000_000
"""Tiles (or groups) drawn at once: bounds the memory at some tens of MB."""


def bootstrap_interval(
    differences: ArrayLike,
    folds: ArrayLike,
    groups: ArrayLike | None = None,
    *,
    level: float,
    draws: int = 10_000,
    seed: int = 1337,
) -> Interval:
    """Percentile bootstrap of the mean over folds of the mean difference within the fold.

    Says how the same trained networks would compare on other tiles of the same survey. Tiles are
    drawn within their fold, as many as it holds. Tiles of one group (such as a section) resemble
    each other; where groups are given, whole groups are drawn, as many as the fold holds, and the
    fold's mean is that of all drawn tiles. Where groups reach over folds, they are drawn from all
    folds at once, each with its tiles of every fold; a fold without tiles in a draw is left out of
    its mean. With n tiles (or groups) to draw from the interval is too narrow by a factor of about
    sqrt((n - 1) / n): 0.7 for two groups, 0.95 for ten.

    Args:
        differences: One per tile, (N,) float.
        folds: The fold of each tile, (N,).
        groups: The group of each tile, (N,).
        level: Confidence level, such as 0.95.
        draws: Bootstrap samples.
        seed: Of the draws; the same seed on the same rows gives the same interval.

    Returns:
        Exactly 0 to 0 where all differences are zero; NaN where there is a single tile (or group)
        to draw from, which resampling cannot vary: the interval would be too narrow.
    """
    values = np.asarray(differences, dtype=float)
    if not values.any():
        return Interval(0.0, 0.0)
    from scipy import stats  # takes a second to import, and tables of scores need none of it

    folded, sizes = _sums_by_fold(values, folds, groups)
    if min(sizes) < 2:
        return Interval(np.nan, np.nan)
    # A sample per fold makes folds the strata; row numbers keep a group's sums and counts together.
    result = stats.bootstrap(
        [np.arange(size) for size in sizes],
        partial(_mean_over_folds, folded),
        n_resamples=draws,
        batch=max(1, _BATCH // sum(sizes)),
        vectorized=True,
        confidence_level=level,
        method="percentile",
        rng=seed,
    )
    return Interval(*(float(end) for end in result.confidence_interval))


def _mean_over_folds(
    folded: list[tuple[NDArray[np.float64], NDArray[np.int64]]],
    *drawn: NDArray[np.int64],
    axis: int,
) -> NDArray[np.float64]:
    """Mean over folds of the mean over what was drawn, rows of each fold's sums and counts."""
    each = drawn * len(folded) if len(drawn) == 1 else drawn
    sums = [of[rows].sum(axis=axis) for (of, _), rows in zip(folded, each, strict=True)]
    counts = [of[rows].sum(axis=axis) for (_, of), rows in zip(folded, each, strict=True)]
    there = np.minimum(counts, 1)
    means = np.divide(sums, np.maximum(counts, 1))
    return np.asarray(means.sum(axis=0) / there.sum(axis=0))


def _sums_by_fold(
    values: NDArray[np.float64], folds: ArrayLike, groups: ArrayLike | None
) -> tuple[list[tuple[NDArray[np.float64], NDArray[np.int64]]], list[int]]:
    """Sum of differences and number of tiles of each group, or tile, fold by fold.

    Returns:
        Sums and numbers of each fold; and how many groups there are to draw from, of each fold, or
        of all folds together where groups reach over them.
    """
    table = pd.DataFrame(
        {
            "fold": np.asarray(folds),
            "group": np.arange(len(values)) if groups is None else np.asarray(groups),
            "difference": values,
        }
    )
    table["group"] = pd.factorize(table["group"], sort=True, use_na_sentinel=False)[0]
    rows = table.groupby(["fold", "group"], dropna=False)["difference"].agg(["sum", "size"])
    apart = rows.index.get_level_values("group").is_unique
    if not apart:
        every = pd.MultiIndex.from_product([table[name].unique() for name in ("fold", "group")])
        rows = rows.reindex(every.set_names(["fold", "group"]), fill_value=0)
    folded = [
        (own["sum"].to_numpy(), own["size"].to_numpy())
        for _, own in rows.groupby(level="fold", dropna=False)
    ]
    sizes = [len(sums) for sums, _ in folded]
    return folded, sizes if apart else sizes[:1]
