"""How likely a comparison that is yet to be made decides, given the spread of fold differences."""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy import special

from saltseg.comparison.defaults import ROPE
from saltseg.comparison.posterior import Interval

POWER = 0.8
"""Power that is asked for, as is usual: what is there is found in four of five cases."""

POWER_TEXT = f"{100 * POWER:g} % power"

_NODES = 200
"""Points that the spread's distribution is averaged over: powers are right to 0.001."""

_HALVINGS = 16


@dataclass(frozen=True)
class Trial:
    """A comparison yet to be made, of which the spread of fold differences is known.

    The model is the one that the verdict's own test rests on (C. Nadeau and Y. Bengio, "Inference
    for the Generalization Error", Machine Learning 52 (2003) 239-281; for several divisions R. R.
    Bouckaert and E. Frank, "Evaluating the Replicability of Significance Tests for Comparing
    Learning Algorithms", PAKDD 2004). The differences d of J folds are the true one, a part that
    all of them share, since they share training tiles, and a part of each fold's own, both normal;
    any two correlate with 1 / splits. Their sample variance S2 then has J - 1 degrees of freedom
    and the mean `spread` squared, their mean the variance (1 / J + 1 / (splits - 1)) spread**2, and
    the power to call a network better is a tail of the noncentral t distribution, exactly.

    Fold differences of other numbers of tiles vary by other amounts. More folds are taken to vary
    as if the tiles tested on made all of it, by sqrt(splits); fewer as much as those at hand. Where
    training makes a part of it, more folds do better than is said.

    Attributes:
        spread: Standard deviation of fold differences, over 0.
        splits: Folds of a division; n_test / n_train = 1 / (splits - 1).
        rope: Largest difference that does not matter.
        level: Of the verdict, as in `verdict_sentence`.
    """

    spread: float
    splits: int
    rope: float = ROPE
    level: float = 0.95

    def at(self, splits: int) -> "Trial":
        """The same tiles, divided into another number of folds."""
        wider = math.sqrt(max(1.0, splits / self.splits))
        return replace(self, splits=splits, spread=self.spread * wider)

    def error(self, folds: int) -> float:
        """Standard deviation of the mean difference of so many folds."""
        return self.spread * math.sqrt(1 / folds + 1 / (self.splits - 1))

    def better(self, difference: float, folds: int) -> float:
        """Power: chance that a true difference of so much is called better by more than `rope`."""
        beyond = (difference - self.rope) / self.error(folds)
        return 1 - float(special.nctdtr(folds - 1, beyond, self._needed(folds)))

    def equal(self, folds: int) -> float:
        """Power: chance that two networks without a difference are called practically equal.

        The largest mean difference that is still called so depends on the spread that is met: it
        is found for each of many spreads, and what they say is averaged.
        """
        degrees, error = folds - 1, self.error(folds)
        middles = (np.arange(_NODES) + 0.5) / _NODES
        met = error * np.sqrt(special.chdtri(degrees, middles) / degrees)
        low, high = np.zeros(_NODES), np.full(_NODES, self.rope)
        for _ in range(_HALVINGS):
            mean = (low + high) / 2
            within = self._within(mean, met, degrees) >= self.level
            low, high = np.where(within, mean, low), np.where(within, high, mean)
        return float(special.erf(low / error / math.sqrt(2)).mean())

    def least(self, folds: int, power: float = POWER) -> float:
        """Smallest true difference that is called better with this power."""
        beyond = special.nctdtrinc(folds - 1, 1 - power, self._needed(folds))
        return self.rope + float(beyond) * self.error(folds)

    def _needed(self, folds: int) -> float:
        """Standard errors above the rope from which on a network is called better."""
        return float(special.stdtrit(folds - 1, (1 + self.level) / 2))

    def _within(
        self, mean: NDArray[np.float64], met: NDArray[np.float64], degrees: int
    ) -> NDArray[np.float64]:
        """Posterior chance of a difference within the rope, of means and their errors as met."""
        ends = ((side * self.rope - mean) / met for side in (-1, 1))
        below, up_to = (special.stdtr(degrees, end) for end in ends)
        return np.asarray(up_to - below)


def spread_interval(spread: float, folds: int, level: float = 0.95) -> Interval:
    """What the spread may be in truth, seen over few folds: by the chi-square distribution.

    Args:
        spread: Standard deviation seen.
        folds: Over how many folds, 2 or more.
        level: Confidence level.

    Returns:
        Its ends; none is above 1, as no spread of differences of scores is.
    """
    tails = special.chdtri(folds - 1, [(1 - level) / 2, (1 + level) / 2])
    low, high = (min(1.0, spread * math.sqrt((folds - 1) / float(tail))) for tail in tails)
    return Interval(low, high)
