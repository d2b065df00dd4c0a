"""The logic of a search, with trials that take no time: what counts, what ends, what goes on."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from saltseg.errors import DataError, ParameterError, TrainingError
from saltseg.tune.space import Overrides
from saltseg.tune.study import Study
from saltseg.tune.trials import Hopeless, Result, search
from tests.tune.conftest import MakeStudy

EPOCHS = 4


class Toy:
    """Runs trials whose scores rise with the learning rate; notes what it ran.

    Attributes:
        ran: Name and overrides of each.
        stop: Name of a trial that is stopped after two epochs, once.
        fail: Whether a trial fails.
        measure: Digests of what scores a trial.
    """

    def __init__(self, stop: str = "", fail: Callable[[str], bool] = lambda name: False) -> None:
        self.ran: list[tuple[str, Overrides]] = []
        self.stop, self.fail = stop, fail
        self.measure = {"data/folds.csv": "a"}

    def __call__(self, name: str, overrides: Overrides, hopeless: Hopeless) -> Result | None:
        self.ran.append((name, overrides))
        if self.fail(name):
            raise TrainingError("out of luck")
        curve = [overrides["train.learning_rate"] * epoch for epoch in range(1, EPOCHS + 1)]
        for epoch, score in enumerate(curve[:-1], start=1):
            if name == self.stop and epoch == 3:
                self.stop = ""
                raise KeyboardInterrupt
            if hopeless(epoch, score):
                return None
        return Result(curve[-1], curve, self.measure)


def states(study: Study) -> list[str]:
    return [one.state.name for one in study.trials]


def test_a_hopeless_trial_ends_early_and_a_first_one_never(make_study: MakeStudy) -> None:
    study, toy, told = make_study(), Toy(), []
    search(study, 8, toy, told.append)
    assert len(study.trials) == len(toy.ran) == 8
    assert states(study)[:3] == ["COMPLETE"] * 3
    pruned = [one for one in study.trials if one.state.name == "PRUNED"]
    assert pruned
    # Two epochs of ten are not judged: the first that may end a trial is the second.
    assert {len(one.intermediate_values) for one in pruned} == {2}
    done = [one for one in study.trials if one.state.name == "COMPLETE"]
    assert {len(one.intermediate_values) for one in done} == {EPOCHS}
    rates = [one.params["train.learning_rate"] for one in (*pruned, *done)]
    assert max(rates[: len(pruned)]) < max(rates)
    assert sum("pruned after epoch 2" in line for line in told) == len(pruned)


def test_without_pruner_all_run_to_their_end(make_study: MakeStudy) -> None:
    study = make_study(pruner="none")
    search(study, 5, Toy(), lambda line: None)
    assert states(study) == ["COMPLETE"] * 5


def test_hyperband_prunes(make_study: MakeStudy) -> None:
    study = make_study(pruner="hyperband")
    search(study, 10, Toy(), lambda line: None)
    assert {"COMPLETE", "PRUNED"} == set(states(study))


def test_an_interrupted_trial_is_the_next_one_and_counts_once(make_study: MakeStudy) -> None:
    """The study is what it would have been without the interruption."""
    toy = Toy(stop="toy-004")
    with pytest.raises(KeyboardInterrupt):
        search(make_study(), 7, toy, lambda line: None)
    assert states(make_study())[4:] == ["RUNNING"]
    seconds = make_study().trials[4].user_attrs["seconds"]
    search(make_study(), 7, toy, lambda line: None)
    names = [name for name, _ in toy.ran]
    assert names == [f"toy-00{number}" for number in (0, 1, 2, 3, 4, 4, 5, 6)]
    assert toy.ran[4] == toy.ran[5]
    stopped = make_study()
    assert len(stopped.finished) == len(stopped.trials) == 7
    assert stopped.trials[4].user_attrs["seconds"] > seconds
    search(make_study(), 7, toy, lambda line: None)
    assert len(toy.ran) == 8


def test_draws_do_not_depend_on_where_it_was_stopped(
    make_study: MakeStudy, no_studies: Path, tmp_path: Path
) -> None:
    toy = Toy(stop="toy-002")
    with pytest.raises(KeyboardInterrupt):
        search(make_study(), 5, toy, lambda line: None)
    for trials in (4, 5):
        search(make_study(), trials, toy, lambda line: None)
    in_pieces = [one.params for one in make_study().trials]
    shutil.copy(no_studies, tmp_path / "studies.db")
    search(make_study(), 5, Toy(), lambda line: None)
    assert [one.params for one in make_study().trials] == in_pieces
    assert len({str(one) for one in in_pieces}) == 5


def test_a_trial_that_fails_does_not_count(make_study: MakeStudy) -> None:
    study, told = make_study(), []
    search(study, 4, Toy(fail=lambda name: name in ("toy-001", "toy-002")), told.append)
    assert states(study)[1:3] == ["FAIL", "FAIL"]
    assert len(study.trials) == 6
    assert "toy-001: failed: out of luck" in told


def test_several_failures_in_a_row_end_the_search(make_study: MakeStudy) -> None:
    toy = Toy(fail=lambda name: name > "toy-000")
    with pytest.raises(TrainingError, match="3 trials failed, one after another"):
        search(make_study(), 9, toy, lambda line: None)
    assert len(toy.ran) == 4


TWO_LOSSES = {
    "train.loss": ["bce_dice", "lovasz"],
    "train.second_loss": ["none", "lovasz"],
    "train.learning_rate": {"low": 0.001, "high": 0.002},
}


def test_values_that_do_not_go_together_are_not_run(make_study: MakeStudy) -> None:
    study, toy = make_study(parameters=TWO_LOSSES), Toy()
    search(study, 4, toy, lambda line: None)
    pairs = [(each["train.loss"], each["train.second_loss"]) for _, each in toy.ran]
    assert ("lovasz", "lovasz") not in pairs
    refused = [one for one in study.trials if one.state.name == "FAIL"]
    assert refused, "the seed is to draw such a pair"
    assert "lovasz is train.loss already" in refused[0].user_attrs["why"]
    assert len(toy.ran) == 4


def test_the_same_values_are_not_run_twice(make_study: MakeStudy) -> None:
    few = {"train.learning_rate": [0.001, 0.002]}
    study, toy, told = make_study(parameters=few, pruner="none"), Toy(), []
    search(study, 5, toy, told.append)
    assert len(toy.ran) == 2
    assert len(study.finished) == 5
    assert sum("so it is not run" in line for line in told) == 3


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"parameters": {"train.optimizer": ["adam"]}}, "train.learning_rate, train.optimizer"),
        ({"fixed": {"split": {"strategy": "grouped", "holdout": 0.2}}}, "split.holdout"),
    ],
)
def test_a_study_of_something_else_is_refused(
    make_study: MakeStudy, changes: dict[str, Any], expected: str
) -> None:
    search(make_study(), 1, Toy(), lambda line: None)
    make_study(startup=7, pruner="none", seed=3)  # other ways through the same space
    with pytest.raises(ParameterError, match="was begun with other") as caught:
        make_study(**changes)
    assert expected in str(caught.value)
    assert "--study" in str(caught.value)


def test_a_trial_scored_on_other_tiles_is_refused(make_study: MakeStudy) -> None:
    toy = Toy()
    search(make_study(), 1, toy, lambda line: None)
    toy.measure = {"data/folds.csv": "b"}
    with pytest.raises(DataError, match=r"toy-001: scored with other data/folds.csv than"):
        search(make_study(), 2, toy, lambda line: None)


def test_a_study_in_which_nothing_has_ended_well_may_begin_anew(make_study: MakeStudy) -> None:
    with pytest.raises(TrainingError):
        search(make_study(), 9, Toy(fail=lambda name: True), lambda line: None)
    other = {"train.learning_rate": [0.001, 0.002, 0.0015]}
    study = make_study(parameters=other, fixed={"split": {"strategy": "grouped", "holdout": 0.2}})
    search(study, 1, Toy(), lambda line: None)
    assert states(study) == ["COMPLETE"]


def test_a_damaged_database_is_one_line(make_study: MakeStudy, tmp_path: Path) -> None:
    (tmp_path / "studies.db").write_text("no database" * 100)
    with pytest.raises(DataError) as caught:
        make_study()
    assert "studies.db: cannot be used (" in str(caught.value)
    assert "\n" not in str(caught.value)
