"""Intervals of paired differences over tiles: coverage by simulation, the rest by hand."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from saltseg.comparison.paired import bootstrap_interval
from saltseg.comparison.posterior import Interval

Sample = tuple[NDArray[np.float64], NDArray[np.int64]]


def coverage(
    draw: Callable[[np.random.Generator], Sample], truth: float, *, grouped: bool
) -> float:
    """Share of 500 surveys whose interval holds the true mean."""
    random, held = np.random.default_rng(20), 0
    for _ in range(500):
        differences, groups = draw(random)
        folds = np.arange(len(differences)) * 5 // len(differences)
        interval = bootstrap_interval(
            differences, folds, groups if grouped else None, level=0.95, draws=400
        )
        held += interval.low <= truth <= interval.high
    return held / 500


def lone_tiles(random: np.random.Generator) -> Sample:
    """Tiles as map_iou has them: seven in ten without a difference, the others skewed, in steps."""
    steps = random.geometric(0.4, 400) - 2
    return np.where(random.random(400) < 0.7, 0.0, steps / 10), np.arange(400)


def sections(random: np.random.Generator) -> Sample:
    """40 sections a fold, 5 tiles each, and most of the difference is the section's."""
    own = random.exponential(0.2, 200) - 0.1
    return np.repeat(own, 5) + random.normal(0, 0.05, 1000), np.repeat(np.arange(200), 5)


def test_interval_covers_the_mean_as_often_as_it_says() -> None:
    # Mean of the steps: 1 / 0.4 - 2 = 0.5, of which three in ten tiles get a tenth.
    assert 0.92 <= coverage(lone_tiles, 0.3 * 0.5 / 10, grouped=False) <= 0.975


def test_tiles_of_a_section_count_as_one() -> None:
    # A little below 95 %: the sections are few and skewed.
    assert 0.91 <= coverage(sections, 0.1, grouped=True) <= 0.975
    assert coverage(sections, 0.1, grouped=False) < 0.8


def test_draws_stay_within_their_fold() -> None:
    folds = np.repeat([0, 1, 2], [40, 10, 25])
    interval = bootstrap_interval(np.array([0.3, -0.1, 0.1])[folds], folds, level=0.95)
    # The folds weigh the same, however many tiles they hold.
    assert (interval.low, interval.high) == pytest.approx((0.1, 0.1), abs=1e-12)


def test_interval_is_the_exact_one_where_that_is_known() -> None:
    # Tiles of 0 and 1: a drawn sum is binomial, so the ends of its distribution are known.
    differences = np.repeat([0.0, 1.0], [140, 60])
    interval = bootstrap_interval(differences, np.zeros(200), level=0.9, draws=40_000)
    exact = stats.binom.ppf([0.05, 0.95], 200, 0.3) / 200
    assert (interval.low, interval.high) == pytest.approx(tuple(exact), abs=1 / 200)


def test_interval_agrees_with_scipy_without_folds_and_groups() -> None:
    differences = lone_tiles(np.random.default_rng(3))[0]
    ours = bootstrap_interval(differences, np.zeros(400), level=0.95, seed=1)
    plain = stats.bootstrap([differences], np.mean, method="percentile", rng=2).confidence_interval
    # Both are drawn; an end's Monte Carlo error is about 1 % of the width.
    assert (ours.low, ours.high) == pytest.approx(tuple(plain), abs=0.05 * (plain[1] - plain[0]))


def test_whole_groups_are_drawn_and_weigh_by_their_tiles() -> None:
    # Two groups: {0, 0, 0} and {1}. Means of the draws: 0 (1 in 4), 1 / 4 (2 in 4), 1 (1 in 4).
    def interval(level: float) -> tuple[float, float]:
        found = bootstrap_interval([0, 0, 0, 1], [0] * 4, [7, 7, 7, 9], level=level)
        return found.low, found.high

    assert interval(0.4) == (0.25, 0.25)
    assert interval(0.6) == (0, 1)


def test_groups_that_reach_over_folds_are_drawn_with_all_their_tiles() -> None:
    # Group 1 holds 0.1 of fold 0 and 0.3 of fold 1, group 2 holds 0.2 and 0.5: the means of the
    # draws are 0.2 (1 in 4), 0.275 (2 in 4), 0.35 (1 in 4). Fold by fold they would be 0.2 (1 in
    # 16), 0.225 (2), 0.25 (3), 0.275 (4), 0.3 (3), 0.325 (2), 0.35 (1).
    def interval(groups: list[int]) -> tuple[float, float]:
        found = bootstrap_interval([0.1, 0.2, 0.3, 0.5], [0, 0, 1, 1], groups, level=0.6)
        return found.low, found.high

    assert interval([1, 2, 1, 2]) == pytest.approx((0.2, 0.35))
    assert interval([1, 2, 3, 4]) == pytest.approx((0.25, 0.3))


def test_a_fold_that_a_draw_leaves_empty_does_not_count() -> None:
    # Group 1 is 0.1 and 0.3 in two folds, group 2 is 0.5 in the first one. Group 2 twice: 0.5 of
    # one fold; both: (0.3 + 0.3) / 2; group 1 twice: (0.1 + 0.3) / 2.
    def interval(level: float) -> tuple[float, float]:
        found = bootstrap_interval([0.1, 0.5, 0.3], [0, 0, 1], [1, 2, 1], level=level)
        return found.low, found.high

    assert interval(0.4) == pytest.approx((0.3, 0.3))
    assert interval(0.6) == pytest.approx((0.2, 0.5))


def test_mosaics_cut_over_folds_count_as_one() -> None:
    def cut(random: np.random.Generator) -> Sample:
        differences, groups = sections(random)
        order = np.argsort(random.random(1000))
        return differences[order], groups[order]

    assert 0.91 <= coverage(cut, 0.1, grouped=True) <= 0.975


def test_interval_repeats() -> None:
    differences = lone_tiles(np.random.default_rng(3))[0]
    folds = np.arange(400) % 3

    def interval(seed: int) -> Interval:
        return bootstrap_interval(differences, folds, level=0.95, draws=500, seed=seed)

    assert interval(5) == interval(5) != interval(6)


def test_no_difference_at_all_is_exactly_zero() -> None:
    assert bootstrap_interval(np.zeros(9), np.arange(9) % 2, level=0.95) == Interval(0, 0)


def test_a_fold_of_one_tile_cannot_be_resampled() -> None:
    interval = bootstrap_interval([0.1, 0.2, 0.3], [0, 0, 1], level=0.95)
    assert np.isnan([interval.low, interval.high]).all()
