"""What it would take: folds and divisions of the tiles until a comparison decides."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from saltseg.comparison.trial import POWER, Trial
from saltseg.errors import DataError

SPLITS = (5, 10)
"""Folds of a division that plans try, beside those at hand."""

DIVISIONS = range(1, 11)
"""Divisions of the same tiles that plans try."""

Question = Callable[[Trial, int], float]
"""Power of a trial with so many folds to decide what is asked for."""


@dataclass(frozen=True)
class Plan:
    """So many folds of so many divisions.

    Attributes:
        splits: Folds of a division.
        divisions: Divisions of the same tiles.
        power: Chance that they decide what was asked for.
    """

    splits: int
    divisions: int
    power: float

    @property
    def folds(self) -> int:
        """Trainings of each network."""
        return self.splits * self.divisions

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.splits} folds x {self.divisions} division{'s' * (self.divisions > 1)}"


def better_by(difference: float) -> Question:
    """Whether a true difference of so much is called better."""
    return lambda trial, folds: trial.better(difference, folds)


def plans(trial: Trial, question: Question) -> list[Plan]:
    """1 to 10 divisions into 5 and 10 folds, and into as many as those at hand.

    Args:
        trial: What is known, of as many folds as those at hand.
        question: `better_by(difference)`, or `Trial.equal`.
    """
    return [
        Plan(splits, divisions, question(trial.at(splits), splits * divisions))
        for splits in sorted({*SPLITS, trial.splits})
        for divisions in DIVISIONS
    ]


def fewest(found: Iterable[Plan], power: float = POWER) -> Plan | None:
    """The plan of fewest trainings that has the power, to two digits; None where none has."""
    enough = [plan for plan in found if round(plan.power, 2) >= power]
    return min(enough, key=lambda plan: (plan.folds, -plan.power), default=None)


def strongest(found: Iterable[Plan]) -> Plan:
    """The plan with the largest power; of equal ones that of fewest trainings."""
    return max(found, key=lambda plan: (plan.power, -plan.folds))


def tiles_needed(trial: Trial, difference: float) -> float:
    """How many times as many tiles one division would need, were the spread that of tiles alone.

    For a true difference of so much to be called better with `POWER`.
    """
    return ((trial.least(trial.splits) - trial.rope) / (difference - trial.rope)) ** 2


def check(trial: Trial, difference: float, seconds: float | None = None) -> None:
    """Make sure that what a plan is asked for is possible.

    Args:
        trial: What is known.
        difference: True difference to be called better.
        seconds: Training of one fold; None where no times are asked for.

    Raises:
        DataError: A number is out of its range, or the difference does not exceed the rope: then
            no network is ever better by more than that.
    """
    for what, value in (("the spread", trial.spread), ("the difference", difference)):
        if not 0 < value <= 1:
            raise DataError(f"{what} is {value:g}; expected one of scores, over 0 and at most 1")
    if not 0 <= trial.rope <= 1:
        raise DataError(f"the rope is {trial.rope:g}; expected a difference of scores, 0 to 1")
    if difference <= trial.rope:
        raise DataError(
            f"a difference of {difference:g} does not matter with a rope of {trial.rope:g}, and no"
            " network is called better for it; give a larger difference, or a smaller rope"
        )
    if trial.splits < 2:
        raise DataError(f"{trial.splits} folds of a division; expected 2 or more")
    if seconds is not None and not 0 < seconds < math.inf:
        raise DataError(f"training of a fold takes {seconds:g} seconds; expected more than 0")
