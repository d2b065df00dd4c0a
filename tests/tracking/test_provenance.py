"""Where a run comes from, read from a real git repository and a lock file."""

import subprocess
from pathlib import Path

import pytest

from saltseg.tracking.provenance import provenance

LOCK = """
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
"""


def test_nothing_known(root: Path) -> None:
    assert provenance("vgg16") == {}


def test_digests_are_those_that_dvc_recorded(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_EXP_NAME", "lossy-lynx")
    (tmp_path / "dvc.lock").write_text(LOCK)
    known = {"dvc_experiment": "lossy-lynx", "data_digest": "aaa.dir", "folds_digest": "bbb"}
    assert provenance("resnet50") == known
    assert provenance("vgg16") == known | {"initial_weights_digest": "ccc.dir"}


def test_commit(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    name = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
    subprocess.run(["git", "init", "-q"], check=True)
    subprocess.run(["git", *name, "commit", "-q", "--allow-empty", "-m", "one"], check=True)
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=True)
    assert provenance("vgg16") == {"git_commit": done.stdout.strip()}


def test_repository_without_commit(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    subprocess.run(["git", "init", "-q"], check=True)
    assert provenance("vgg16") == {}
