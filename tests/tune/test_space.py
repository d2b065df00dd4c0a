"""A space file holds parameters that there are, with values that they may have."""

from pathlib import Path
from typing import Any

import pytest

from saltseg.errors import ParameterError
from saltseg.params import Params
from saltseg.tune.space import Choices, Range, read_space
from tests.tune.conftest import WriteSpace

EXAMPLES = sorted((Path(__file__).parents[2] / "recipes/tune").iterdir())


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_is_valid(path: Path, params: Params) -> None:
    space, base = read_space(path, params)
    assert base.split.holdout == space.fixed["split.holdout"]


def test_what_is_fixed_may_be_written_as_in_params_yaml(
    write_space: WriteSpace, params: Params
) -> None:
    space, base = read_space(write_space(), params)
    assert (base.split.strategy, base.split.holdout, base.train.folds) == ("grouped", 0.1, [1])
    drawn = {"train.learning_rate": 0.00123456789, "train.optimizer": "adamw"}
    assert space.overrides(drawn) == {
        "split.strategy": "grouped",
        "split.holdout": 0.1,
        "train.folds": [1],
        "train.learning_rate": 0.00123457,
        "train.optimizer": "adamw",
    }
    assert space.texts(drawn) == {"train.learning_rate": "0.00123457", "train.optimizer": "adamw"}


def test_choices_are_of_any_kind() -> None:
    values = [None, True, 3, 0.5, "none", [1, 2], "true"]
    choices = Choices(values=values)
    assert [choices.value(text) for text in choices.texts] == values


def test_whole_numbers_stay_whole_and_no_number_leaves_its_range() -> None:
    assert [type(Range(low=8, high=32, step=8).value(16.0))] == [int]
    assert Range(low=0.12345649, high=1).value(0.12345649) == 0.12345649
    assert Range(low=0.1, high=0.7, step=0.1).value(0.1 + 2 * 0.1) == 0.3


@pytest.mark.parametrize(
    ("name", "domain", "expected"),
    [
        ("train.lr", [0.1], "train.lr: unknown parameter"),
        ("train.epochs.much", [1], "train.epochs.much: unknown parameter"),
        ("train.epochs", 5, "expected a list of choices, or a range"),
        ("train.epochs", {"low": 9, "high": 3}, "an empty range, 9 to 3"),
        ("train.epochs", {"low": 5, "high": 5}, "an empty range"),
        (
            "train.epochs",
            {"low": 1.0, "high": 9.0},
            "train.epochs: Input should be a valid integer",
        ),
        ("train.epochs", {"low": 0, "high": 9}, "train.epochs: Input should be greater than"),
        ("train.epochs", {"low": 1, "high": 9, "step": 0.5}, "expected a whole number"),
        ("train.epochs", {"low": 1, "high": 9, "step": 20}, "no more than high - low"),
        ("train.epochs", {"low": 1, "hihg": 9}, "hihg: unknown key"),
        ("train.epochs", [], "at least 1 item"),
        ("train.epochs", [3, 3], "names a choice twice"),
        ("train.dropout", {"low": 0, "high": 1, "log": True}, "log needs a low above 0"),
        ("model.dropout", {"low": 0.1, "high": 1.0}, "model.dropout: Input should be less than 1"),
        ("train.optimizer", ["adam", "adamv"], "unknown: 'adamv'; known: adam"),
        ("train.second_loss", ["none", "bce_dice"], "bce_dice is train.loss already"),
        ("preprocess.side", {"low": 32, "high": 64}, "33 is not a multiple of 32"),
        ("train.augment", [{"flip": True}], "a choice is a mapping"),
        ("split.seed", [1, 2], "split.seed: trials that differ in it cannot be compared"),
        ("train.epochs", [10, 20], "train.epochs: a longer trial is behind"),
        ("train.folds", [[0], [1]], "train.folds: both searched and fixed"),
    ],
)
def test_a_parameter_that_cannot_be_searched_is_one_line(
    write_space: WriteSpace, params: Params, name: str, domain: Any, expected: str
) -> None:
    path = write_space(parameters={name: domain})
    with pytest.raises(ParameterError) as caught:
        read_space(path, params)
    assert str(caught.value).startswith(f"{path}: ")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"parameters": {}}, "at least 1 item"),
        ({"pruner": "fast"}, "pruner: Input should be 'median', 'hyperband' or 'none'"),
        ({"fixed": {"train.epoch": 3}}, "train.epoch: unknown parameter"),
        ({"fixed": {}}, "fixed: {split.holdout: 0.1, split.strategy: grouped}"),
        ({"fixed": {"split.holdout": 0.2}}, "fixed: {split.strategy: grouped}"),
        ({"fixed": {"split.strategy": "grouped"}}, "fixed: {split.holdout: 0.1}"),
    ],
)
def test_any_other_mistake_is_one_line_too(
    write_space: WriteSpace, params: Params, changes: dict, expected: str
) -> None:
    assert not params.split.holdout
    with pytest.raises(ParameterError) as caught:
        read_space(write_space(**changes), params)
    assert expected in str(caught.value)


def test_trials_of_other_lengths_are_possible_without_pruning(
    write_space: WriteSpace, params: Params
) -> None:
    read_space(write_space(parameters={"train.epochs": [10, 20]}, pruner="none"), params)


def test_a_file_that_is_none_is_one_line(tmp_path: Path, params: Params) -> None:
    with pytest.raises(ParameterError, match="cannot be read"):
        read_space(tmp_path / "missing.yaml", params)
