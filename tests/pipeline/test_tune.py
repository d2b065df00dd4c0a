"""A search with real trials: stopped by Ctrl-C in the middle of the first, and gone on with."""

import signal
import sqlite3
from pathlib import Path

import psutil
import pytest
import yaml

from saltseg.runs.revisions import recorded
from tests.pipeline.projects import Project, make_project, wait_for_an_epoch

pytestmark = pytest.mark.long

SPACE = """
parameters:
  train.learning_rate: {low: 0.0005, high: 0.005, log: true}
  train.augment.flip: [true, false]
fixed:
  split: {strategy: grouped, holdout: 0.2, n_splits: 2}
  train: {folds: [0], epochs: 4}
"""
COMMAND = ("saltseg", "tune", "toy.yaml", "--trials", "2")


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project of many small mosaics, with a space file."""
    project = make_project(tmp_path_factory.mktemp("tune") / "project")
    recipe = project.root / "data/synthetic.yaml"
    survey = yaml.safe_load(recipe.read_text())
    survey["section"] |= {"rows": 1, "columns": 2}
    recipe.write_text(yaml.safe_dump(survey))
    (project.root / "toy.yaml").write_text(SPACE)
    project.commit("many small mosaics")
    return project


def test_a_search_is_stopped_and_goes_on(
    searched: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = tmp_path / "printed"
    with searched.started(printed, *COMMAND) as process:
        wait_for_an_epoch(process, printed, searched.root)
        started = psutil.Process(process.pid).children(recursive=True)
        assert started
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 130
    assert not psutil.wait_procs(started, timeout=1)[1]
    told = printed.read_text()
    assert "`saltseg tune toy.yaml --trials 2 --study toy` goes on after the last epoch" in told
    assert "Traceback" not in told
    assert "toy-000" in searched.run("saltseg", "unfinished", COLUMNS="200")

    told = searched.run(*COMMAND, COLUMNS="200")
    log = (searched.root / ".saltseg/tune/toy-000.log").read_text()
    assert "plain fold 0: goes on after epoch " in log
    assert searched.run("dvc", "exp", "list", "--name-only").split() == ["toy-000", "toy-001"]
    monkeypatch.chdir(searched.root)
    scores = {name: recorded(name).summary for name in ("toy-000", "toy-001")}
    best = max(scores, key=lambda name: scores[name]["map_iou"]["mean"])
    assert f"best: {best}, map_iou {scores[best]['map_iou']['mean']:.3f} out of fold" in told
    unseen = scores[best]["holdout"]
    assert (
        f"hold-out, {unseen['tiles']} tiles that no decision saw: map_iou {unseen['map_iou']:.3f}"
    ) in told
    assert f"to apply it: dvc exp apply {best}" in told

    with sqlite3.connect(searched.root / "mlflow.db") as database:
        query = "select value from tags where key = 'dvc_experiment'"
        assert {"toy-000", "toy-001"} <= {value for (value,) in database.execute(query)}
    assert searched.run("saltseg", "unfinished") == "no training is unfinished\n"
    assert searched.run("git", "status", "--porcelain") == ""

    # Nothing is left to do, and nothing is run.
    again = searched.run(*COMMAND, COLUMNS="200")
    assert again.splitlines() == told.splitlines()[-len(again.splitlines()) :]
