"""Plans: which are tried, which is chosen, and what cannot be asked for."""

import math

import pytest

from saltseg.comparison.plan import (
    Plan,
    better_by,
    check,
    fewest,
    plans,
    strongest,
    tiles_needed,
)
from saltseg.comparison.trial import POWER, Trial
from saltseg.errors import DataError


def test_all_that_is_tried() -> None:
    found = plans(Trial(0.02, 8), better_by(0.03))
    assert {plan.splits for plan in found} == {5, 8, 10}
    assert {plan.divisions for plan in found} == set(range(1, 11))
    assert len(found) == 30
    for plan in found:
        trial = Trial(0.02, 8).at(plan.splits)
        assert plan.power == trial.better(0.03, plan.splits * plan.divisions)
    equal = plans(Trial(0.002, 5), Trial.equal)
    assert equal[0].power == Trial(0.002, 5).equal(5)


def test_the_fewest_trainings_are_chosen_and_of_equal_ones_the_stronger() -> None:
    found = [Plan(5, 4, 0.81), Plan(10, 2, 0.83), Plan(5, 2, 0.5), Plan(10, 9, 0.99)]
    assert fewest(found) == Plan(10, 2, 0.83)
    assert fewest(found, 0.85) == Plan(10, 9, 0.99)
    assert fewest(found, 0.995) is None
    assert fewest([Plan(5, 1, 0.796)]) is not None
    assert fewest([Plan(5, 1, 0.794)]) is None
    assert strongest(found) == Plan(10, 9, 0.99)
    assert strongest([Plan(5, 2, 0.0), Plan(5, 1, 0.0)]) == Plan(5, 1, 0.0)


def test_names_and_trainings() -> None:
    assert (Plan(5, 1, 0.5).name, Plan(5, 1, 0.5).folds) == ("5 folds x 1 division", 5)
    assert (Plan(10, 4, 0.5).name, Plan(10, 4, 0.5).folds) == ("10 folds x 4 divisions", 40)


def test_so_many_times_as_many_tiles_would_do() -> None:
    trial = Trial(0.03, 5)
    times = tiles_needed(trial, 0.02)
    larger = Trial(0.03 / math.sqrt(times), 5)
    assert larger.better(0.02, 5) == pytest.approx(POWER, abs=1e-4)


@pytest.mark.parametrize(
    ("trial", "difference", "seconds", "says"),
    [
        (Trial(0.0, 5), 0.02, None, "the spread is 0; expected"),
        (Trial(math.nan, 5), 0.02, None, "the spread is nan; expected"),
        (Trial(1.5, 5), 0.02, None, "the spread is 1.5; expected"),
        (Trial(0.03, 5), -0.02, None, "the difference is -0.02; expected"),
        (Trial(0.03, 5), math.inf, None, "the difference is inf; expected"),
        (Trial(0.03, 5, -0.1), 0.02, None, "the rope is -0.1; expected"),
        (Trial(0.03, 5, math.nan), 0.02, None, "the rope is nan; expected"),
        (Trial(0.03, 5, 0.02), 0.02, None, "a difference of 0.02 does not matter with a rope"),
        (Trial(0.03, 1), 0.02, None, "1 folds of a division; expected 2"),
        (Trial(0.03, 5), 0.02, 0.0, "training of a fold takes 0 seconds"),
        (Trial(0.03, 5), 0.02, math.nan, "training of a fold takes nan seconds"),
    ],
)
def test_what_cannot_be_asked_for(
    trial: Trial, difference: float, seconds: float | None, says: str
) -> None:
    with pytest.raises(DataError, match=says):
        check(trial, difference, seconds)


def test_what_can_be_asked_for() -> None:
    check(Trial(0.03, 2, 0.0), 1.0)
    check(Trial(1.0, 5), 0.02, 60.0)
