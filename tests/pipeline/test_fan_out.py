"""Folds side by side, for real: the same bytes, as experiments, stopped, and failing."""

import signal
from pathlib import Path

import psutil
import pytest
import yaml

from saltseg.runs.revisions import recorded
from tests.pipeline.projects import Project, copy_of, make_project, wait_for_an_epoch


def locked(project: Project) -> dict[str, dict[str, str]]:
    """Digests of what each stage wrote."""
    stages = yaml.safe_load((project.root / "dvc.lock").read_text())["stages"]
    return {
        name: {out["path"]: out["md5"] for out in stage.get("outs", [])}
        for name, stage in stages.items()
    }


def test_the_bytes_are_those_of_dvc_repro(trained: Project, fresh: Project) -> None:
    printed = fresh.run("saltseg", "fan-out", "--jobs", "2")
    for fold in (0, 1):
        assert f"plain-{fold}: begins, this machine" in printed
        assert f"plain-{fold}: done" in printed
    assert "MLflow shows plain" in printed
    assert locked(fresh) == locked(trained)


@pytest.mark.long
def test_what_is_trained_is_not_trained_again(trained: Project, tmp_path: Path) -> None:
    project = copy_of(trained, tmp_path / "project")
    settings = ("-S", "evaluate.threshold=0.3,0.4", "--name", "at")
    printed = project.run("saltseg", "fan-out", *settings)
    assert "begins" not in printed
    assert set(project.run("dvc", "exp", "list", "--name-only").split()) == {"at-0-3", "at-0-4"}
    assert project.run("git", "status", "--porcelain") == ""
    printed = project.run("saltseg", "fan-out", *settings, ok=False)
    assert "saltseg fan-out: there is an experiment at-0-3 already" in printed
    project.run("git", "commit", "-q", "--allow-empty", "-m", "newer")
    project.run("saltseg", "fan-out", *settings)
    names = project.run("dvc", "exp", "list", "--name-only", "--all-commits").split()
    assert names.count("at-0-3") == 2


@pytest.mark.long
def test_bytes_of_another_cpu_in_the_lock_are_not_missed(trained: Project, tmp_path: Path) -> None:
    project = copy_of(trained, tmp_path / "project")
    lock = project.root / "dvc.lock"
    made = locked(project)["train@plain-0"]["models/plain/fold-0"]
    lock.write_text(lock.read_text().replace(made, f"{'0' * 32}.dir"))
    project.commit("as trained on another CPU")
    printed = project.run("saltseg", "fan-out", "--name", "here", "-S", "backbone=plain")
    assert printed.count("plain-0: begins") == 1
    assert "Running stage 'train" not in printed  # not once more at home
    assert project.run("git", "status", "--porcelain") == ""


@pytest.fixture(scope="module")
def unset(trained: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A repository whose params.yaml leaves the number of threads open."""
    project = make_project(tmp_path_factory.mktemp("unset") / "project")
    project.set_params(train={"threads": None})
    project.commit("threads are left open")
    return project


@pytest.mark.long
def test_experiments_are_trained_in_copies_and_come_home(
    unset: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    cores = len(psutil.Process().cpu_affinity())
    settings = ("-S", "backbone=plain,residual16", "-S", "train.epochs=1")
    printed = unset.run("saltseg", "fan-out", "--jobs", "2", *settings)
    monkeypatch.chdir(unset.root)
    for backbone in ("plain", "residual16"):
        assert printed.count(f"{backbone}.{backbone}-0: begins") == 1
        assert recorded(backbone).params["train"]["threads"] == max(1, cores // 2)
        # Nothing but the restored outputs: a training at home would say its epochs.
        assert f"{backbone} fold 0: epoch" not in printed
    assert unset.run("git", "status", "--porcelain") == ""
    assert unset.run("saltseg", "unfinished") == "no training is unfinished\n"
    assert not list(unset.root.glob(".saltseg/fan-out/copies/*"))
    told = unset.run("saltseg", "compare", "plain", "residual16")
    assert "A = plain" in told


@pytest.mark.long
def test_a_fold_that_fails_is_named_and_the_others_are_kept(unset: Project) -> None:
    settings = ("-S", "train.learning_rate=1e30,0.001", "-S", "train.folds=[0]")
    printed = unset.run("saltseg", "fan-out", "--name", "rate", *settings, ok=False)
    assert "rate-1e-30.plain-0: failed, train: " in printed
    assert "loss" in printed.partition("rate-1e-30.plain-0: failed, train: ")[2].splitlines()[0]
    assert "rate-0-001.plain-0: done" in printed
    assert "saltseg fan-out: rate-1e-30.plain-0 failed, as said above" in printed
    assert "(1 of 2 folds are done and kept)" in printed


@pytest.mark.long
def test_stopped_it_leaves_nothing_running_and_goes_on(unset: Project, tmp_path: Path) -> None:
    unset.set_params(train={"epochs": 30})
    command, printed = ("saltseg", "fan-out", "--jobs", "2"), tmp_path / "printed"
    with unset.started(printed, *command) as process:
        wait_for_an_epoch(process, printed, unset.root)
        started = psutil.Process(process.pid).children(recursive=True)
        other = unset.run(*command, ok=False)
        assert "saltseg fan-out: another fan-out runs here" in other
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 130
    assert not psutil.wait_procs(started, timeout=1)[1]
    told = printed.read_text()
    assert "in params.yaml from now on" in told
    assert "stopped, nothing is left running" in told
    assert "Traceback" not in told
    unset.run(*command)
    logs = [path.read_text() for path in unset.root.glob(".saltseg/fan-out/plain-*.log")]
    assert any("goes on after epoch" in log for log in logs)
