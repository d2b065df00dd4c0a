"""Keys change with whatever decides a number, and with nothing else."""

import copy

import pytest

from saltseg.runs.keys import experiment_key, fold_key, locked_inputs
from saltseg.runs.lock import read_lock

LOCK = b"""
schema: '2.0'
stages:
  train@plain-0:
    cmd: PYTHONPATH=src python stages/train.py --fold 0
    deps:
    - {path: src/loss.py, hash: md5, md5: abc, size: 10}
    params:
      params.yaml:
        train.plateau: {min_learning_rate: 1e-06}
        train.epochs: 2
    outs:
    - {path: models/plain/fold-0, md5: def.dir, size: 5}
"""
ENGINE = {"engine": "tensorflow", "engine_version": "2.21.0"}


@pytest.fixture
def inputs() -> dict:
    return locked_inputs(read_lock(LOCK)["train@plain-0"])


def test_inputs_are_code_data_and_params_as_dvc_reads_them(inputs: dict) -> None:
    plateau = {"train.plateau": {"min_learning_rate": 1e-06}, "train.epochs": 2}
    assert inputs == {"deps": {"src/loss.py": "abc"}, "params": {"params.yaml": plateau}}


def test_fold_key_depends_on_fold_code_params_and_engine(inputs: dict) -> None:
    other_code, other_params = copy.deepcopy(inputs), copy.deepcopy(inputs)
    other_code["deps"]["src/loss.py"] = "xyz"
    other_params["params"]["params.yaml"]["train.epochs"] = 3
    keys = {
        fold_key(0, inputs, ENGINE),
        fold_key(1, inputs, ENGINE),
        fold_key(0, other_code, ENGINE),
        fold_key(0, other_params, ENGINE),
        fold_key(0, inputs, ENGINE | {"engine_version": "2.22.0"}),
    }
    assert len(keys) == 5
    backwards = {name: inputs[name] for name in reversed(inputs)}
    assert fold_key(0, backwards, ENGINE) == fold_key(0, inputs, ENGINE)


def test_experiment_key_depends_on_folds_and_evaluation_not_on_folds_nobody_asked_for() -> None:
    evaluate = {"deps": {"models/plain": "1", "src/score.py": "2"}, "params": {"threshold": 0.5}}
    key = experiment_key(["a", "b"], evaluate)
    more_folds = {**evaluate, "deps": {"models/plain": "9", "src/score.py": "2"}}
    assert experiment_key(["b", "a"], more_folds) == key
    assert experiment_key(["a"], evaluate) != key
    assert experiment_key(["a", "b"], {**evaluate, "params": {"threshold": 0.6}}) != key
    other_code = {**evaluate, "deps": {"models/plain": "1", "src/score.py": "3"}}
    assert experiment_key(["a", "b"], other_code) != key
