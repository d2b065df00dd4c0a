"""Trainings that are killed, orphaned or edited half way, in a real project."""

import json
import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import psutil
import pytest

from tests.pipeline.torture import Victim, best_epoch, digests, victim, wait_for_epoch

pytestmark = pytest.mark.slow

LOSS = "src/saltseg/objectives/losses/bce_dice.py"
CHANGED = f"train: plain fold 0: {LOSS} changed while it trained, so nothing"


@pytest.fixture(scope="module")
def torn(tmp_path_factory: pytest.TempPathFactory) -> Victim:
    return victim(tmp_path_factory.mktemp("resume"))


def test_the_training_has_much_to_remember(torn: Victim) -> None:
    """Else the tests below would pass on states that forget half."""
    history = pd.read_csv(torn.fold / "history.csv")
    assert best_epoch(torn.fold) > 3
    assert history["learning_rate"].nunique() > 1


def test_killed_three_times_it_gives_the_same_bytes(
    torn: Victim, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # When an epoch is told, those before it are saved.
    for epoch, after in ((2, 0.3), (6, 0.05)):
        assert torn.kill(after, epoch)
    foreign_settings(tmp_path, monkeypatch)
    assert torn.kill(0.15, 10)
    assert torn.finish() == torn.expected
    printed = torn.log.read_text()
    assert printed.count("plain fold 0: goes on after epoch ") == 3
    assert "Traceback" not in printed
    shown = torn.project.run("saltseg", "unfinished")
    assert shown == "no training is unfinished\n"


def foreign_settings(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment that was made for something else."""
    settings = {"backend": "jax", "image_data_format": "channels_first", "floatx": "float16"}
    (home / "keras.json").write_text(json.dumps(settings))
    foreign = {
        "KERAS_HOME": str(home),
        "KERAS_BACKEND": "torch",
        "KERAS_MAX_EPOCHS": "3",
        "TF_USE_LEGACY_KERAS": "1",
        "OMP_NUM_THREADS": "1",
        "TF_NUM_INTRAOP_THREADS": "1",
        "LC_ALL": "C",
        "TZ": "Asia/Kathmandu",
    }
    for name, value in foreign.items():
        monkeypatch.setenv(name, value)


@pytest.mark.long
def test_edited_loss_is_not_recorded_nor_gone_on_with_from_the_old_state(torn: Victim) -> None:
    log = torn.log.with_name("edited.log")
    process = repro(torn, log)
    wait_for(log, ": epoch 1/", process)
    losses = torn.project.root / LOSS
    own = losses.read_text()
    losses.write_text(own.replace("return bce + 1 -", "return 2 * bce + 1 -"))
    # DVC would record the new code as that of the old weights.
    assert process.wait(120) != 0
    assert CHANGED in log.read_text()
    assert not torn.fold.exists()
    # Where it looks often, and not once a minute, that is told before its end.
    callbacks = torn.project.root / "src/saltseg/training/callbacks.py"
    seldom = callbacks.read_text()
    callbacks.write_text(seldom.replace("INPUTS_EVERY = 60", "INPUTS_EVERY = 0"))
    size = torn.log.stat().st_size
    process = torn.start()
    wait_for_epoch(process, torn.log, size)
    losses.write_text(own)
    assert process.wait(120) != 0
    callbacks.write_text(seldom)
    printed = torn.log.read_text()[size:]
    assert CHANGED in printed
    assert ": epoch 12/" not in printed
    assert re.search(
        r"plain fold 0: begins anew; the training stopped after epoch \d+ had", printed
    )
    assert f"other {LOSS}, src/saltseg/training (" in printed
    assert "goes on after" not in printed
    listed = torn.project.run("saltseg", "unfinished", "--clear", COLUMNS="120")
    assert listed.count("plain fold 0") == listed.count("stopped") == 2
    assert "2 forgotten" in listed
    assert torn.project.run("saltseg", "unfinished") == "no training is unfinished\n"


@pytest.mark.long
def test_orphan_of_a_killed_dvc_and_its_successor_do_not_train_side_by_side(torn: Victim) -> None:
    """SIGTERM ends dvc and leaves the stage it had started."""
    first = repro(torn, torn.log.with_name("first.log"))
    wait_for(torn.log.with_name("first.log"), ": epoch 1/", first)
    orphan = next(one for one in psutil.Process(first.pid).children(True) if trains(one))
    os.kill(first.pid, signal.SIGTERM)
    first.wait()
    orphan.suspend()  # else it might end before its successor is there
    assert orphan.is_running()
    second = repro(torn, torn.log.with_name("second.log"))
    wait_for(torn.log.with_name("second.log"), "waiting for its end", second)
    orphan.resume()
    assert second.wait(120) == 0
    told = torn.log.with_name("second.log").read_text()
    assert f"plain fold 0: being trained by process {orphan.pid} on " in told
    # Not trained twice: it took up what the orphan had left.
    assert "goes on after epoch 12" in told
    assert ": epoch " not in told
    assert digests(torn.fold) == torn.expected


def repro(torn: Victim, log: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        ("dvc", "repro", "--force", "--single-item", "train@plain-0"),
        cwd=torn.project.root,
        env=torn.project.environment(),
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
        text=True,
    )


def trains(process: psutil.Process) -> bool:
    return process.cmdline()[:3] == ["python", "-m", "stages.train"]


def wait_for(log: Path, text: str, process: "subprocess.Popen[str]") -> None:
    deadline = time.monotonic() + 120
    while text not in log.read_text():
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.02)
