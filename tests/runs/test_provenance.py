"""Where a run comes from, read from a real git repository and a lock file."""

import subprocess
from pathlib import Path

import pytest

from saltseg.runs.lock import read_lock
from saltseg.runs.provenance import Origin, current_origin, provenance

LOCK = read_lock(b"""
schema: '2.0'
stages:
  acquire:
    cmd: python stages/acquire.py
    outs:
    - {path: data/survey, md5: aaa.dir, size: 1}
  split:
    cmd: python stages/split.py
    deps:
    - {path: data/survey, md5: old.dir, size: 1}
    outs:
    - {path: data/folds.csv, md5: bbb, size: 1}
  weights:
    cmd: python stages/weights.py
    outs:
    - {path: data/initial/vgg16, md5: ccc.dir, size: 1}
""")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("DVC_EXP_NAME", "DVC_EXP_BASELINE_REV"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def git(*arguments: str) -> str:
    name = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    command = ["git", *name, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_nothing_known(folder: Path) -> None:
    assert provenance(current_origin(), {}, "vgg16") == {}


def test_digests_are_those_that_dvc_recorded() -> None:
    known = {"dvc_experiment": "lossy-lynx", "data_digest": "aaa.dir", "folds_digest": "bbb"}
    origin = Origin(experiment="lossy-lynx")
    assert provenance(origin, LOCK, "resnet50") == known
    assert provenance(origin, LOCK, "vgg16") == known | {"initial_weights_digest": "ccc.dir"}


def test_commit(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    git("init", "-q")
    assert current_origin() == Origin()
    git("commit", "-q", "--allow-empty", "-m", "one")
    assert current_origin() == Origin(commit=git("rev-parse", "HEAD"))
    # In the copy that DVC makes, HEAD is a commit of its own.
    monkeypatch.setenv("DVC_EXP_BASELINE_REV", "before")
    monkeypatch.setenv("DVC_EXP_NAME", "lossy-lynx")
    assert current_origin() == Origin("before", "lossy-lynx")
