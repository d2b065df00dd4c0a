"""What is said under a verdict that leaves it open."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from saltseg.comparison.networks import Comparison, compare
from saltseg.comparison.outlook import duration, times_more
from saltseg.comparison.plan import better_by, fewest, plans
from saltseg.comparison.trial import Trial
from tests.report.sample import COST, contestant

SECONDS = {"A": 600.0, "B": 3600.0}
"""Of a fold of ten epochs."""


def compared(
    by_fold: Sequence[float],
    rope: float = 0.01,
    seconds: Mapping[str, float | None] = SECONDS,
    comparisons: int = 1,
) -> Comparison:
    """Of networks whose tiles all differ as their fold does."""
    epochs = pd.DataFrame({"fold": [0] * 10, "epoch": range(10)})
    one, other = (
        replace(
            contestant(label, folds=len(by_fold)),
            curves=epochs,
            cost=replace(COST, epoch_seconds=each and each / 10),
        )
        for label, each in seconds.items()
    )
    better = one.tiles["map_iou"] + np.array(by_fold)[one.tiles["fold"]]
    one = replace(one, tiles=one.tiles.assign(map_iou=better))
    return compare(one, other, rope=rope, comparisons=comparisons)


# m = 0.001, S = 0.005 for the first, 0.08 and 0.02 for the second.
LEVEL = (0.001, 0.006, -0.004)
UNEVEN = (0.08, 0.1, 0.06)


def test_where_one_plan_would_tell() -> None:
    found = compared(LEVEL)
    assert found.verdict.startswith("Undecided")
    plan = fewest(plans(Trial(0.005, 5), better_by(0.02)))
    assert plan is not None
    assert plan.name == "5 folds x 2 divisions"
    least = Trial(0.005, 5).least(3)
    assert found.outlook == (
        "To tell a true difference of 0.02 with 80 % power, at the spread seen (0.005 over 3"
        f" folds), it would take some {plan.name}, in all about 1.7 h for A and 10 h for B; the 3"
        f" folds at hand tell {least:.3f} or more. To call two without a difference practically"
        " equal, it would take some 5 folds x 2 divisions, in all about 1.7 h for A and 10 h for B."
        " The spread is known roughly (95 % interval 0.003 to 0.031); for 0.02 that means anything"
        " from 5 folds x 1 division to more than 10 folds x 10 divisions."
    )


def test_a_difference_as_large_as_measured() -> None:
    found = compared(UNEVEN, comparisons=3)
    assert "To tell one as large as measured (0.080), it would take some 5 folds" in found.outlook
    assert "practically equal" not in found.outlook
    opposite = compared([-one for one in UNEVEN], comparisons=3)
    assert opposite.outlook == found.outlook


def test_between_what_does_not_matter_and_twice_that_one_answer_is_enough() -> None:
    told = compared([one + 0.014 for one in LEVEL]).outlook
    assert "To call" not in told
    assert "measured" not in told


def test_where_nothing_would_do() -> None:
    told = compared((0.1, -0.1, 0.03)).outlook
    power = max(plan.power for plan in plans(Trial(0.1014, 5), better_by(0.02)))
    assert f"even the best of up to 10 folds x 10 divisions has a power of {power:.2f} only" in told
    assert "(5 folds of over 100 times as many tiles would do)" in told
    assert "more than 10 folds x 10 divisions at both ends" in told
    assert "the 2 folds at hand tell none that scores can have" in compared((0.5, -0.4)).outlook


@pytest.mark.parametrize(
    ("seconds", "says"),
    [
        ({"A": None, "B": None}, "2 divisions; the 3 folds"),
        ({"A": None, "B": 60.0}, "2 divisions, in all about 10 min for B; the 3 folds"),
    ],
)
def test_times_that_nothing_recorded(seconds: dict[str, float | None], says: str) -> None:
    assert says in compared(LEVEL, seconds=seconds).outlook


def test_without_a_rope_a_hundredth_is_to_be_told() -> None:
    told = compared(LEVEL, rope=0).outlook
    assert told.startswith("To tell a true difference of 0.01 with")
    assert "practically equal" not in told


@pytest.mark.parametrize(
    "by_fold",
    [(0.02, 0.04, 0.06, 0.03, 0.05), (0.0001, 0.0, -0.0001), (0.0, 0.0, 0.0), (0.1, 0.1), (0.1,)],
    ids=["better", "equal", "identical", "alike", "one fold"],
)
def test_nothing_is_said_where_it_is_decided_or_nothing_tells(by_fold: tuple[float, ...]) -> None:
    found = compared(by_fold)
    assert not found.verdict.startswith("Undecided")
    assert found.outlook == ""


def test_folds_take_the_epochs_that_they_trained() -> None:
    one = contestant("a")  # of 10, 9 and 8 epochs
    assert one.fold_seconds == pytest.approx(9 * 1.94)
    assert replace(one, cost=replace(COST, epoch_seconds=None)).fold_seconds is None
    assert replace(one, curves=pd.DataFrame()).fold_seconds is None


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(5, "1 min"), (1500, "25 min"), (5399, "90 min"), (5400, "1.5 h"), (4e5, "111 h")],
)
def test_times_as_people_say_them(seconds: float, text: str) -> None:
    assert duration(seconds) == text


@pytest.mark.parametrize(("times", "text"), [(3.58, "3.6"), (57.3, "57"), (260, "over 100")])
def test_no_more_digits_than_are_known(times: float, text: str) -> None:
    assert times_more(times) == text
