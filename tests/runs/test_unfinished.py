"""Who has a training, and which one is gone on with; other processes are real ones."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from dvc.utils.hydra import apply_overrides

from saltseg.report.unfinished import commands
from saltseg.runs.unfinished import Unfinished, owned, unfinished
from saltseg.training.states import State, write_state

OTHER = """
import sys, time
from pathlib import Path
from saltseg.training.states import State, write_state
from saltseg.runs.unfinished import owned

with owned("key", "plain fold 0", {}) as folder:
    print("began", sorted(path.name for path in folder.glob("*.npz")), flush=True)
    write_state(folder / "state.json", State(epoch=3))
    (folder / "0003.npz").touch()
    while Path("hold").exists():
        time.sleep(0.05)
"""


@pytest.fixture(autouse=True)
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".dvc").mkdir()
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


Start = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def start(root: Path) -> Iterator[Start]:
    """Starts processes that train `plain fold 0` as long as the file `hold` exists."""
    (root / "hold").touch()
    started = []

    def one() -> "subprocess.Popen[str]":
        command = (sys.executable, "-c", OTHER)
        started.append(subprocess.Popen(command, stdout=subprocess.PIPE, text=True))
        return started[-1]

    yield one
    for process in started:
        process.kill()
        process.wait()


def line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def stop_at(epoch: int, key: str = "key", identity: dict | None = None) -> Path:
    """A training that was stopped after some epochs."""

    def train() -> None:
        with owned(key, "plain fold 0", identity or {}) as folder:
            write_state(folder / "state.json", State(epoch=epoch))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train()
    return Unfinished(key).folder


def test_training_that_ends_well_is_forgotten() -> None:
    with owned("key", "plain fold 0", {}) as folder:
        assert [one.key for one in unfinished()] == ["key"]
        assert unfinished()[0].owned
    assert not folder.exists()
    assert unfinished() == []


def test_training_that_is_stopped_is_gone_on_with(capsys: pytest.CaptureFixture[str]) -> None:
    folder = stop_at(3)
    assert "plain fold 0: stopped after epoch 3; `dvc repro` goes on" in capsys.readouterr().out
    assert (unfinished()[0].epochs, unfinished()[0].owned) == (3, False)
    with owned("key", "plain fold 0", {}) as again:
        assert again == folder
        assert (again / "state.json").exists()
    assert "anew" not in capsys.readouterr().out


def test_other_code_begins_anew_and_is_told_why(capsys: pytest.CaptureFixture[str]) -> None:
    old = {"nets/losses.py": "a", "train.epochs": 9, "seed": 1}
    stop_at(2, "older", {"all": "other"})
    time.sleep(0.02)
    stop_at(4, "old", old)
    capsys.readouterr()
    with owned("new", "plain fold 0", old | {"nets/losses.py": "b", "threads": "2"}) as folder:
        assert not (folder / "state.json").exists()
    printed = capsys.readouterr().out
    assert (
        "begins anew; the training stopped after epoch 4 had other nets/losses.py, threads ("
        in (printed)
    )
    assert {one.key for one in unfinished()} == {"old", "older"}


def test_other_folds_are_no_matter(capsys: pytest.CaptureFixture[str]) -> None:
    stop_at(4)
    capsys.readouterr()
    with owned("new", "plain fold 1", {}):
        pass
    assert capsys.readouterr().out == ""


def test_clearing_keeps_a_training_off_until_it_is_done(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else it would delete what has begun since it looked."""
    stop_at(3)
    delete, begun = shutil.rmtree, []

    def slow(folder: Path, ignore_errors: bool) -> None:
        begun.append(start())
        assert line(begun[0]).startswith("plain fold 0: being trained by process ")
        delete(folder, ignore_errors)

    monkeypatch.setattr(shutil, "rmtree", slow)
    [one] = unfinished()
    assert one.clear()
    assert line(begun[0]) == "began []\n"
    assert not one.clear()
    while not one.epochs:
        assert begun[0].poll() is None
        time.sleep(0.02)


PARAMS = {
    "seed": 1,
    "dataset": "data/a",
    "train": {"folds": [0, 1], "rate": 0.001, "threads": None},
}
ODD = {"seed": 2, "dataset": "it's \\ a, b=1", "train": {"folds": [2], "rate": 1e-06, "threads": 2}}


def stop_in_copy(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `dvc exp run --temp` runs it: in another folder, whose settings are its own."""
    copy = root / "copy"
    copy.mkdir()
    (copy / "params.yaml").write_text(yaml.safe_dump(ODD))
    with monkeypatch.context() as patched:
        patched.setenv("DVC_ROOT", str(root))
        patched.setenv("DVC_EXP_NAME", "odd-bird")
        patched.chdir(copy)
        stop_at(3)


def test_a_training_in_a_copy_tells_the_command_that_goes_on(
    root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    params = root / "params.yaml"
    params.write_text(yaml.safe_dump(PARAMS))
    stop_in_copy(root, monkeypatch)
    [one] = unfinished()
    command = one.about.launch.command()
    assert f"stopped after epoch 3; `{command}` goes on" in capsys.readouterr().out
    assert commands([one]) == [f"plain fold 0: {command}"]
    words = shlex.split(command)
    assert words[:6] == ["dvc", "exp", "run", "--temp", "-n", "odd-bird"]
    assert set(words[6::2]) == {"-S"}
    apply_overrides(params, words[7::2])
    # Named is what differs from the settings as they are now.
    assert one.about.launch.command() == "dvc exp run --temp -n odd-bird"
    params.write_text(params.read_text().replace("seed: 2", "seed: 7"))
    assert one.about.launch.command() == "dvc exp run --temp -n odd-bird -S seed=2"


def test_a_training_of_settings_edited_since_goes_on_in_a_copy(root: Path) -> None:
    """In the workspace DVC would write the old settings over the new ones."""
    (root / "params.yaml").write_text("seed: 1\ndataset: 'null'\n")
    stop_at(3)
    [one] = unfinished()
    assert one.about.launch.command() == "dvc repro"
    (root / "params.yaml").write_text("seed: 1\ndataset: null\n")
    assert one.about.launch.command() == """dvc exp run --temp -S 'dataset='"'"'null'"'"''"""
    (root / "params.yaml").write_text("<<<<<<<")
    assert one.about.launch.command() == "dvc repro"


def test_second_process_waits_says_for_whom_and_takes_over_what_the_first_leaves(
    root: Path, start: Start
) -> None:
    first = start()
    assert line(first) == "began []\n"
    second = start()
    told = line(second)
    assert told.startswith(f"plain fold 0: being trained by process {first.pid} on ")
    assert "waiting for its end" in told
    assert second.poll() is None
    (root / "hold").unlink()
    # The first one has ended well, but somebody waits: its last state is not thrown away.
    assert line(second) == "began ['0003.npz']\n"
    assert (first.wait(), second.wait()) == (0, 0)
    assert unfinished() == []


def test_killed_process_leaves_its_training_to_the_next(root: Path, start: Start) -> None:
    first = start()
    line(first)
    second = start()
    line(second)
    os.kill(first.pid, 9)
    assert line(second) == "began ['0003.npz']\n"


def test_waiting_process_that_was_killed_does_not_keep_the_states(root: Path, start: Start) -> None:
    first = start()
    line(first)
    second = start()
    line(second)
    second.kill()
    second.wait()
    (root / "hold").unlink()
    assert first.wait() == 0
    assert unfinished() == []


def test_parallel_trainings_of_other_parameters_are_not_called_stopped(
    start: Start, capsys: pytest.CaptureFixture[str]
) -> None:
    """As in a queue: the other one is under way and has nothing to do with this one."""
    line(start())
    deadline = time.monotonic() + 10
    while not unfinished()[0].epochs and time.monotonic() < deadline:
        time.sleep(0.02)
    with owned("another", "plain fold 0", {"seed": 2}):
        pass
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("content", ["", "{", "[]", "null", '{"epoch": "many"}'])
def test_damaged_notes_are_no_obstacle(content: str) -> None:
    folder = stop_at(3)
    for name in ("state.json", "about.json"):
        (folder / name).write_text(content)
    (one,) = unfinished()
    assert one.epochs == 0
    assert not one.owned
    assert one.about.title == "key"
    with owned("new", "plain fold 0", {}):
        pass
