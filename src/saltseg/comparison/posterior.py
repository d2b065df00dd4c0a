"""How sure a mean of fold differences is: networks trained anew, on other folds."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

_EQUAL = 1e-12
"""Fold differences closer than this are equal but for rounding; scores lie in 0..1."""


@dataclass(frozen=True)
class Interval:
    """A confidence interval."""

    low: float
    high: float


class Chances(NamedTuple):
    """How likely one network is better than the other by more than what matters; together 1.

    Attributes:
        first: That the first is.
        equal: That neither is: the two are practically equal.
        second: That the second is.
    """

    first: float
    equal: float
    second: float


class Posterior(NamedTuple):
    """What is known of a mean difference: a shifted and scaled Student t distribution.

    Read as a distribution of the mean it is the posterior of the Bayesian correlated t-test
    (G. Corani and A. Benavoli, "A Bayesian approach for comparing cross-validated algorithms on
    multiple data sets", Machine Learning 100 (2015) 285-304). Its interval and its p-value are
    those of the corrected resampled t-test (C. Nadeau and Y. Bengio, "Inference for the
    Generalization Error", Machine Learning 52 (2003) 239-281).

    Attributes:
        mean: Of the fold differences.
        scale: Standard error of the mean.
        degrees: Degrees of freedom.
    """

    mean: float
    scale: float
    degrees: int

    def interval(self, level: float) -> Interval:
        """The middle of the distribution that holds a share `level` of it."""
        half_width = float(special.stdtrit(self.degrees, (1 + level) / 2)) * self.scale
        return Interval(self.mean - half_width, self.mean + half_width)

    def p_value(self) -> float:
        """Of a mean of zero, two-sided."""
        return 2 * float(special.stdtr(self.degrees, -abs(self.mean) / self.scale))

    def chances(self, rope: float) -> Chances:
        """Shares of the distribution above `rope`, within it on both sides of zero, and below."""
        second, up_to = self._below(-rope), self._below(rope)
        return Chances(1 - up_to, up_to - second, second)

    def density(self, differences: ArrayLike) -> NDArray[np.float64]:
        """Density at some differences, of their shape."""
        from scipy import stats  # takes a second to import

        return np.asarray(stats.t.pdf(differences, self.degrees, self.mean, self.scale))

    def _below(self, difference: float) -> float:
        return float(special.stdtr(self.degrees, (difference - self.mean) / self.scale))


def fit_posterior(by_fold: ArrayLike, test_to_train: float) -> Posterior | None:
    """What fold differences say of networks trained anew.

    Folds share training tiles, so their differences are correlated and a plain t-test is too sure;
    the correction takes the variance of the mean as (1 / J + n_test / n_train) S2 instead of
    S2 / J, with J folds and J - 1 degrees of freedom.

    Args:
        by_fold: Mean difference of each fold, (J,).
        test_to_train: Tiles tested on per tile trained on; 1 / (k - 1) for k-fold splits.

    Returns:
        None where there is no spread to judge by: for one fold, and for equal differences. The
        formula would call those certain, but a few small folds agree by chance now and then, since
        map_iou moves in steps.
    """
    values = np.asarray(by_fold, dtype=float)
    folds = len(values)
    if folds < 2 or np.ptp(values) <= _EQUAL:
        return None
    scale = float(np.sqrt((1 / folds + test_to_train) * values.var(ddof=1)))
    return Posterior(float(values.mean()), scale, folds - 1)


def possible(interval: Interval, first: float, second: float) -> Interval:
    """Cut an interval of a difference where it leaves what scores of 0 to 1 can differ by.

    The t distribution knows no bounds, and with few folds its interval goes far beyond them. Either
    network might have any score, the other its own.

    Args:
        interval: Of the difference.
        first: Mean score of the first network.
        second: Of the second.
    """
    low, high = -max(second, 1 - first), max(first, 1 - second)
    return Interval(max(interval.low, low), min(interval.high, high))
