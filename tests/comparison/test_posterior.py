"""What fold differences say: by hand, against a plain t-test, and by simulation."""

from itertools import pairwise

import numpy as np
import pytest
from scipy import integrate, stats

from saltseg.comparison.posterior import Posterior, fit_posterior

BY_HAND = [0.02, 0.04, 0.06, 0.03, 0.05]


def fitted(by_fold: list[float], test_to_train: float) -> Posterior:
    found = fit_posterior(by_fold, test_to_train)
    assert found is not None
    return found


def test_corrected_t_by_hand() -> None:
    # m = 0.20 / 5 = 0.04; squared deviations 4, 0, 4, 1, 1 (e-4), S2 = 0.0010 / 4 = 0.00025.
    # Variance of the mean: (1 / 5 + 1 / 4) * 0.00025 = 0.0001125; its root 0.0106066;
    # t = 0.04 / 0.0106066 = 3.7712, with 4 degrees of freedom.
    # For those, p = 1 - 3 / 4 s (1 - s^2 / 12) with s^2 = t^2 / (1 + t^2 / 4) = 14.2222 / 4.55556
    # = 3.12195: p = 1 - 0.75 * 1.76690 * 0.739837 = 0.01958.
    # From a t table: 97.5 % of 4 degrees is 2.776, and 2.776 * 0.0106066 = 0.02944.
    found = fitted(BY_HAND, 1 / 4)
    assert found == pytest.approx((0.04, 0.0106066, 4), abs=1e-7)
    assert found.p_value() == pytest.approx(0.01958, abs=1e-5)
    interval = found.interval(0.95)
    assert (interval.low, interval.high) == pytest.approx((0.01056, 0.06944), abs=1e-5)


def test_without_the_correction_it_is_the_plain_t_test() -> None:
    differences = [-0.01, 0.04, 0.02, 0.05]
    plain = stats.ttest_1samp(differences, 0)
    found = fitted(differences, 0)
    assert found.p_value() == pytest.approx(plain.pvalue)
    ends, own = plain.confidence_interval(0.9), found.interval(0.9)
    assert (own.low, own.high) == pytest.approx(tuple(ends))


def test_without_spread_there_is_none() -> None:
    assert fit_posterior([0.0], 1 / 4) is None
    assert fit_posterior([0.0, 0.0, 0.0], 1 / 4) is None
    # Equal but for rounding: 0.3 - 0.2 and 0.8 - 0.7 are not the same float.
    assert fit_posterior([0.3 - 0.2, 0.1, 0.8 - 0.7], 1 / 4) is None


def test_chances_by_hand() -> None:
    # Two degrees of freedom: F(t) = 1 / 2 + t / (2 sqrt(2 + t^2)). m = 0.01, S2 = 0.0001, and
    # (1 / 3 + 1 / 2) S2 = 1 / 12000: scale 0.00912871. Above 0.01: F(0) = 1 / 2. Below -0.01:
    # t = -0.02 / 0.00912871 = -2.19089, F = 1 / 2 - 2.19089 / (2 sqrt(6.8)) = 0.0799157.
    chances = fitted([0.0, 0.01, 0.02], 1 / 2).chances(0.01)
    assert chances == pytest.approx((0.5, 0.420084, 0.079916), abs=1e-6)


def test_chances_as_another_package_gives_them() -> None:
    """baycomp 1.0.3: CorrelatedTTest(BY_HAND, [0] * 5, 0.01).probs()."""
    expected = (0.9762896722078402, 0.019104295898460855, 0.004606031893698903)
    assert fitted(BY_HAND, 1 / 4).chances(0.01) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("rope", [0.0, 0.01, 0.05])
def test_chances_are_areas_under_the_density(rope: float) -> None:
    found = fitted(BY_HAND, 1 / 4)
    chances = found.chances(rope)
    ends = (-np.inf, -rope, rope, np.inf)
    areas = [integrate.quad(found.density, *pair)[0] for pair in pairwise(ends)]
    assert (*reversed(chances),) == pytest.approx(areas, abs=1e-6)
    assert sum(chances) == pytest.approx(1)
    other = fitted([-one for one in BY_HAND], 1 / 4).chances(rope)
    assert (*reversed(other),) == pytest.approx(chances)


def test_interval_covers_the_mean_of_folds_that_share_training_tiles() -> None:
    """Of fold differences correlated as the correction assumes, n_test / n_all."""
    random, folds, truth = np.random.default_rng(8), 5, 0.03
    shared = random.normal(0, np.sqrt(1 / folds), (4000, 1))
    draws = truth + 0.1 * (shared + random.normal(0, np.sqrt(1 - 1 / folds), (4000, folds)))
    intervals = [fitted(list(one), 1 / (folds - 1)).interval(0.95) for one in draws]
    held = np.mean([one.low <= truth <= one.high for one in intervals])
    assert 0.94 <= held <= 0.96
