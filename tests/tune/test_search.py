"""What a search says: how it went, how to go on, and what the best trial scored where."""

import os
import shutil
import signal
from pathlib import Path
from typing import Any

import pytest
import yaml
from filelock import FileLock
from rich.console import Console

from saltseg.errors import DataError, ParameterError
from saltseg.params import Params
from saltseg.tune import search
from saltseg.tune.search import tune
from saltseg.tune.space import Overrides
from saltseg.tune.trials import Hopeless, Result
from tests.runs.sample import writer
from tests.tune.conftest import WriteSpace


class Instant:
    """Runs a trial in no time; stands in for what trains."""

    def __init__(self, *_: Any) -> None:
        pass

    def __call__(self, name: str, overrides: Overrides, hopeless: Hopeless) -> Result:
        if name == "stopped-001":
            os.kill(os.getpid(), signal.SIGTERM)
        return Result(overrides["train.learning_rate"] * 100, [0.1, 0.2], {})


@pytest.fixture
def asked(
    tmp_path: Path,
    params: Params,
    write_space: WriteSpace,
    no_studies: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """The space file in a project whose trials take no time; the current folder is its root."""
    (tmp_path / ".dvc").mkdir()
    (tmp_path / ".saltseg/tune").mkdir(parents=True)
    shutil.copy(no_studies, tmp_path / ".saltseg/tune/studies.db")
    (tmp_path / "params.yaml").write_text(yaml.safe_dump(params.model_dump()))
    (tmp_path / "outputs").mkdir()
    write = writer(tmp_path / "outputs", params, "saltseg")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(search, "Experiments", Instant)
    monkeypatch.setattr(search, "recorded", write)
    return write_space().relative_to(tmp_path)


def printed(asked: Path, trials: int, name: str | None = None) -> list[str]:
    console = Console(width=120)
    with console.capture() as captured:
        tune(asked, trials, name, console)
    return captured.get().splitlines()


def test_the_best_trial_is_shown_with_its_holdout(asked: Path) -> None:
    lines = printed(asked, 2)
    assert [line.split(":")[0] for line in lines[:4:2]] == ["space-000", "space-001"]
    scores = {line.split()[0]: line.split()[2] for line in lines if " done " in line}
    best = max(scores, key=lambda name: float(scores[name]))
    assert lines[-3:] == [
        f"best: {best}, map_iou {scores[best]} out of fold, on the folds that chose it",
        "hold-out, 12 tiles that no decision saw: map_iou 0.580",
        f"to apply it: dvc exp apply {best}",
    ]


def test_ended_by_the_system_it_says_how_to_go_on(
    asked: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(KeyboardInterrupt):
        tune(asked, 3, "stopped", Console())
    assert signal.getsignal(signal.SIGTERM) == before
    told = " ".join(capsys.readouterr().out.split())
    assert (
        "stopped, nothing is left running; `saltseg tune space.yaml --trials 3 --study stopped`"
        " goes on after the last epoch"
    ) in told


def test_two_searches_in_one_study_are_one_too_many(asked: Path) -> None:
    with (
        FileLock(".saltseg/tune/space.lock"),
        pytest.raises(DataError, match="study space: another process searches in it"),
    ):
        printed(asked, 1)


@pytest.mark.parametrize("name", ["a b", "../x", "x.lock", "-n", ""])
def test_a_name_that_no_experiment_could_have_is_refused(asked: Path, name: str) -> None:
    with pytest.raises(ParameterError, match="expected letters, digits, _ and -"):
        printed(asked, 1, name)
