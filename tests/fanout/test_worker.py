"""A node of a cluster without the cluster: what it refuses, and what it gives back."""

from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from saltseg.fanout.copies import snapshot
from saltseg.fanout.sites import Site
from saltseg.fanout.worker import FOLDER, Order, own_machine, own_versions, train_there
from saltseg.root import WORKSPACE
from saltseg.training.states import State
from tests.pipeline.projects import Project

VERSIONS = own_versions("tensorflow")
ORDER = Order("plain-0", "train@plain-0", "0" * 40, ".", VERSIONS)


def nothing(node: str, epochs: int, state: State) -> None:
    """Nobody is told."""


def test_other_packages_are_named_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path / "node"))
    order = replace(ORDER, versions=VERSIONS | {"keras": "2.0"})
    done = train_there(order, b"", "node-a", 2, nothing)
    assert done.why == (
        f"node-a: has other packages, keras {VERSIONS['keras']} (home: 2.0); install those of home"
    )
    assert done.machine == own_machine()
    assert not list((tmp_path / "node").iterdir())


def test_a_full_disk_is_named_before_anything_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path / "node"))
    done = train_there(replace(ORDER, room=1 << 60), b"", "node-a", 2, nothing)
    assert "MiB free in" in done.why
    assert f"are needed; make room, or name another folder in {FOLDER}" in done.why


def test_a_torn_bundle_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FOLDER, str(tmp_path / "node"))
    done = train_there(ORDER, b"torn", "node-a", 2, nothing)
    assert done.why.startswith("node-a: git fetch: ")
    assert "\n" not in done.why


@pytest.mark.long
def test_a_fold_comes_home_by_the_remote(
    fresh: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fresh.run("dvc", "remote", "add", "-d", "team", str(tmp_path / "remote"))
    fresh.set_params(train={"folds": [0]})
    fresh.commit("a remote")
    monkeypatch.chdir(fresh.root)
    for name in ("PATH", "MLFLOW_TRACKING_URI"):
        monkeypatch.setenv(name, fresh.environment().get(name, ""))
    site = Site(WORKSPACE, fresh.root)
    (fold,) = site.prepare()
    site.dvc("push", "--quiet", *site.stages().before)
    commit = snapshot(fresh.root)
    fresh.run("git", "update-ref", "refs/saltseg/snapshot", commit)
    fresh.run("git", "bundle", "create", "--quiet", str(tmp_path / "b"), "refs/saltseg/snapshot")

    monkeypatch.setenv(FOLDER, str(tmp_path / "node"))
    seen: list[int] = []
    order = replace(ORDER, stage=fold.stage, commit=commit, keep=0.001)
    bundle = (tmp_path / "b").read_bytes()
    done = train_there(order, bundle, "node-a", 2, lambda *told: seen.append(told[2].epoch))
    assert done.why == "", done.log
    assert seen[0] == 0
    assert not list((tmp_path / "node").glob("plain-0-*/"))
    assert not list((tmp_path / "remote").glob("saltseg-states/*"))

    printed = fresh.run("dvc", "repro", "--pull")
    assert "plain fold 0: epoch" not in printed
    stages = yaml.safe_load((fresh.root / "dvc.lock").read_text())["stages"]
    assert "train@plain-0" in stages
