"""A trial is watched while it trains, by real processes that train nothing."""

import os
import sys
from pathlib import Path

import psutil
import pytest

from saltseg.errors import DataError, TrainingError
from saltseg.params import Params, with_overrides
from saltseg.runs.unfinished import unfinished
from saltseg.tune import experiment
from saltseg.tune.experiment import Experiments
from tests.runs.sample import WriteOutputs, writer

# What `dvc exp run` would start: a training of some epochs that waits, ends or fails then.
TRAINING = """
import os, sys, time

name, epochs, then = sys.argv[1:]
os.environ["DVC_EXP_NAME"] = name
from saltseg.runs.unfinished import owned
from saltseg.training.states import State, write_state

print("Running stage 'train@plain-1':")
with owned("key", "plain fold 1", {}) as folder:
    for epoch in range(1, int(epochs) + 1):
        rows = [{"val_map_iou": 0.1 * number} for number in range(1, epoch + 1)]
        write_state(folder / "state.json", State(epoch=epoch, rows=rows))
    if then == "fail":
        print("train: the loss is not finite in epoch 3", flush=True)
        print("ERROR: failed to reproduce 'train@plain-1'", flush=True)
        raise SystemExit(1)
    time.sleep(1 if then == "end" else 60)
"""

OVERRIDES = {"backbone": "plain", "train.folds": [1], "train.epochs": 9}


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".dvc").mkdir()
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(experiment, "POLL", 0.05)
    return tmp_path


@pytest.fixture
def run(root: Path, params: Params, monkeypatch: pytest.MonkeyPatch) -> Experiments:
    """Runs such a training in place of DVC, in a project without experiments."""
    monkeypatch.setattr(experiment, "experiments", list)
    return Experiments(params, root, lambda line: None)


def train(monkeypatch: pytest.MonkeyPatch, epochs: int, then: str) -> None:
    def command(*words: str) -> list[str]:
        assert words[:5] == ("exp", "run", "--temp", "-n", "toy-000")
        assert words[5:] == ("-Sbackbone=plain", "-Strain.folds=[1]", "-Strain.epochs=9")
        return [sys.executable, "-c", TRAINING, "toy-000", str(epochs), then]

    monkeypatch.setattr(experiment, "dvc_command", command)


def test_a_hopeless_trial_is_ended_and_leaves_nothing(
    run: Experiments, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(monkeypatch, 4, "wait")
    seen, shown = [], []
    run.show = shown.append

    def hopeless(epoch: int, score: float) -> bool:
        seen.append((epoch, round(score, 6)))
        return epoch == 3

    assert run("toy-000", OVERRIDES, hopeless) is None
    assert seen == [(1, 0.1), (2, 0.2), (3, 0.3)]
    assert shown[2] == "toy-000: epoch 3/9  val_map_iou 0.300"
    assert unfinished() == []
    mine = psutil.Process(os.getpid()).children(recursive=True)
    assert not [one for one in mine if "toy-000" in one.cmdline()]


def test_after_the_last_epoch_of_its_only_fold_no_trial_is_ended(
    run: Experiments, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(monkeypatch, 9, "end")
    seen = []

    def hopeless(epoch: int, score: float) -> bool:
        seen.append(epoch)
        return epoch == 9

    # It ends by itself, and there is no DVC here that would record it.
    with pytest.raises(TrainingError, match="it ended without a word"):
        run("toy-000", OVERRIDES, hopeless)
    assert seen[-1] == 9


def test_an_interrupted_trial_is_ended_and_can_go_on(
    run: Experiments, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(monkeypatch, 2, "wait")

    def ctrl_c(epoch: int, score: float) -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run("toy-000", OVERRIDES, ctrl_c)
    (left,) = unfinished()
    assert (left.about.launch.experiment, left.epochs, left.owned) == ("toy-000", 2, False)


def test_a_trial_that_fails_says_why_and_where_more_stands(
    run: Experiments, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    train(monkeypatch, 2, "fail")
    with pytest.raises(TrainingError) as caught:
        run("toy-000", OVERRIDES, lambda epoch, score: False)
    log = root / "toy-000.log"
    assert str(caught.value) == f"train: the loss is not finite in epoch 3; see {log}"
    assert "Running stage" in log.read_text()


@pytest.fixture
def write(root: Path, params: Params) -> WriteOutputs:
    (root / "outputs").mkdir()
    return writer(root / "outputs", params, "saltseg")


def test_an_experiment_that_is_there_is_not_run_again(
    run: Experiments, write: WriteOutputs, params: Params, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(experiment, "experiments", lambda: [write("toy-000"), write("other")])
    run.base = with_overrides(params, {"train.folds": [0, 1]})
    found = run("toy-000", {}, lambda epoch, score: pytest.fail("asked"))
    assert found is not None
    assert (found.score, found.curve) == (0.5, [0.4, 0.7, 0.6])
    with pytest.raises(DataError, match="experiment toy-000 with other parameters") as caught:
        run("toy-000", {"train.epochs": 3}, lambda epoch, score: False)
    assert "dvc exp remove toy-000" in str(caught.value)
