"""Powers: by hand, by simulation of the model, and on learners that share their training tiles."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.plan_power import POWER, decided, fold_differences, kept, spread_of
from saltseg.comparison.posterior import fit_posterior
from saltseg.comparison.trial import Trial, spread_interval


def drawn(trial: Trial, difference: float, folds: int, count: int = 3000) -> np.ndarray:
    """Fold differences (count, folds) as the model has them.

    Two folds correlate with 1 / splits, and a sample variance has the mean `spread` squared.
    """
    random, correlation = np.random.default_rng(folds), 1 / trial.splits
    deviation = trial.spread / np.sqrt(1 - correlation)
    shared = random.normal(0, np.sqrt(correlation), (count, 1))
    own = random.normal(0, np.sqrt(1 - correlation), (count, folds))
    return np.asarray(difference + deviation * (shared + own))


@pytest.mark.parametrize(
    ("trial", "folds", "difference"),
    [
        (Trial(0.03, 5, 0.0), 3, 0.1),
        (Trial(0.01, 5), 3, 0.06),
        (Trial(0.01, 5), 20, 0.025),
        (Trial(0.006, 10, level=0.975), 50, 0.015),
    ],
)
def test_the_promised_power_is_reached(trial: Trial, folds: int, difference: float) -> None:
    found = drawn(trial, difference, folds)
    assert spread_of(found) == pytest.approx(trial.spread, rel=0.03)
    assert found.mean(axis=1).std() == pytest.approx(trial.error(folds), rel=0.05)
    better, _ = decided(found, trial)
    assert better == pytest.approx(trial.better(difference, folds), abs=0.025)
    assert 0.1 < better < 0.99


@pytest.mark.parametrize(
    ("trial", "folds"),
    [(Trial(0.004, 5), 3), (Trial(0.006, 5), 20), (Trial(0.03, 5, 0.1), 5), (Trial(0.007, 10), 30)],
)
def test_the_promised_power_to_find_no_difference_is_reached(trial: Trial, folds: int) -> None:
    _, equal = decided(drawn(trial, 0.0, folds), trial)
    assert equal == pytest.approx(trial.equal(folds), abs=0.025)
    assert 0.1 < equal < 0.99


@pytest.mark.parametrize("moody", [False, True])
def test_learners_that_share_training_tiles_keep_the_promise(moody: bool) -> None:
    """They do better: their mean differences vary less than the test allows for."""
    for found in kept(np.random.default_rng(1), 300, 5, 4, moody):
        assert POWER - 0.05 < found < 1


def test_folds_of_fewer_tiles_vary_as_said() -> None:
    random = np.random.default_rng(2)
    five, ten = (
        spread_of(fold_differences(random, 300, (0.4, 0.4), splits, 1)) for splits in (5, 10)
    )
    assert Trial(five, 5).at(10).spread == pytest.approx(ten, rel=0.05)


def test_other_numbers_of_folds_by_hand() -> None:
    trial = Trial(0.03, 5)
    assert trial.at(20) == replace(trial, splits=20, spread=pytest.approx(0.06))
    assert trial.at(4) == replace(trial, splits=4)
    # (1 / 20 + 1 / 4) * 0.0009 = 0.00027.
    assert trial.error(20) == pytest.approx(0.00027**0.5)


def test_without_anything_beyond_the_rope_one_is_called_better_by_half_of_the_doubt() -> None:
    for folds in (2, 3, 50):
        assert Trial(0.02, 5, 0.01).better(0.01, folds) == pytest.approx(0.025)
        assert Trial(0.02, 5, 0.01, 0.975).better(0.01, folds) == pytest.approx(0.0125)


def test_without_a_rope_nothing_is_practically_equal() -> None:
    assert Trial(0.001, 5, 0.0).equal(50) == 0


@pytest.mark.parametrize("spread", [1e-9, 1.0])
def test_powers_of_extreme_spreads_are_chances(spread: float) -> None:
    for trial in (Trial(spread, 2), Trial(spread, 5, level=0.9999), Trial(spread, 20, 0.0)):
        for folds in (2, 5, 200):
            powers = [trial.better(0.5, folds), trial.equal(folds)]
            assert all(0 <= power <= 1 for power in powers)
            assert trial.least(folds) > trial.rope


def test_the_least_difference_has_just_the_power() -> None:
    trial = Trial(0.03, 5)
    for folds in (2, 3, 5, 50):
        assert trial.better(trial.least(folds), folds) == pytest.approx(POWER, abs=1e-4)
        assert trial.better(trial.least(folds, 0.5), folds) == pytest.approx(0.5, abs=1e-4)


def test_interval_of_the_spread() -> None:
    # From a table of chi-square for two degrees of freedom: 7.378 and 0.0506.
    known = spread_interval(0.02, 3)
    assert known.low == pytest.approx(0.02 * (2 / 7.378) ** 0.5, rel=1e-3)
    assert known.high == pytest.approx(0.02 * (2 / 0.0506) ** 0.5, rel=1e-3)
    assert spread_interval(0.5, 2).high == 1

    def held() -> Iterator[bool]:
        for own in drawn(Trial(0.02, 5), 0.0, 5):
            known = spread_interval(float(own.std(ddof=1)), 5)
            yield known.low < 0.02 < known.high

    assert np.mean(list(held())) == pytest.approx(0.95, abs=0.015)


def test_powers_are_those_of_the_verdicts_own_posterior() -> None:
    trial = Trial(0.02, 5)
    posterior = fit_posterior([-0.02, 0.0, 0.02], 1 / 4)
    assert posterior is not None
    assert posterior.scale == pytest.approx(trial.error(3))
