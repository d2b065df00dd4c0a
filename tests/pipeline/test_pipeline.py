"""The real pipeline, with real git and DVC, on the plain backbone at 32 px."""

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.pipeline.projects import Project, run_queue

pytestmark = pytest.mark.slow


def summary(project: Project) -> dict:
    return json.loads((project.root / "metrics/details.json").read_text())


def stages_run(output: str) -> set[str]:
    """Stages that ran, but for track, which always looks whether there is something to do."""
    ran = {line.split("'")[1] for line in output.splitlines() if line.startswith("Running stage")}
    return ran - {"track"}


def test_a_run_writes_what_it_promises(project: Project) -> None:
    scores = summary(project)
    assert set(scores["fold"]) == {"0", "1"}
    assert {"map_iou", "iou", "dice", "precision", "recall"} <= set(scores)
    assert scores["network"]["parameters"] > 1e5
    assert scores["network"]["gflops"] > 0
    assert set(scores["leak"]) == {"neighbour", "mosaic", "copy"}
    assert {"ece", "brier"} == set(scores["calibration"])
    assert {"naive", "cross_fitted", "optimism"} <= set(scores["threshold"])
    assert "holdout" not in scores
    folds = pd.read_csv(project.root / "data/folds.csv")
    tiles = pd.read_csv(project.root / "metrics/tiles.csv")
    assert sorted(tiles["id"]) == sorted(folds["id"][folds["fold"] < 2])
    assert {"id", "fold", "coverage_class", "iou", "map_iou", "dice"} <= set(tiles.columns)
    curves = pd.read_csv(project.root / "metrics/curves.csv")
    assert list(curves["epoch"]) == [1, 2]
    by_fold = pd.read_csv(project.root / "metrics/curves_folds.csv")
    assert set(by_fold["fold"]) == {0, 1}
    for picture in ("learning_curves", "gallery", "calibration", "mosaics"):
        assert (project.root / f"metrics/{picture}.png").stat().st_size > 10_000
    assert project.run("git", "status", "--porcelain") == ""


@pytest.mark.parametrize("command", [("show",), ("diff", "HEAD")])
def test_charts_have_axes_and_everything_is_drawn_once(
    project: Project, command: tuple[str, ...]
) -> None:
    printed = project.run("dvc", "plots", *command, "--json")
    [drawn] = [json.loads(line) for line in printed.splitlines() if line.startswith('{"')]
    assert not drawn.get("errors")
    # Of a table without rows, as holdout.csv is, there is an entry and no chart.
    plots = {name: found for name, found in drawn["data"].items() if found}
    images = {name: found for name, found in plots.items() if name.endswith(".png")}
    assert sorted(images) == [
        f"metrics/{name}.png" for name in ("calibration", "gallery", "learning_curves", "mosaics")
    ]
    # Once for each revision that is drawn.
    assert {len(found) for found in images.values()} == {len(command)}
    charts = {name: found for name, found in plots.items() if name not in images}
    tables = ("calibration", "curves", "curves_folds", "thresholds", "tiles")
    assert sorted(charts) == sorted(
        ["IoU, validation", "loss, validation", *(f"metrics/{name}.csv" for name in tables)]
    )
    assert {len(found) for found in charts.values()} == {1}
    # DVC counts lines, as `step`, where no x is declared.
    by_line = '"field": "step"'
    assert [name for name, found in charts.items() if by_line in json.dumps(found)] == []


def test_a_second_run_runs_nothing(project: Project) -> None:
    assert stages_run(project.run("dvc", "repro")) == set()


def test_what_a_killed_stage_leaves_is_seen_by_nobody(project: Project) -> None:
    for folder in ("models/plain", "models/plain/fold-0", "data", "metrics"):
        litter = project.root / folder / ".name.partial"
        litter.mkdir()
        (litter / "half").touch()
    assert project.run("git", "status", "--porcelain") == ""
    assert "up to date" in project.run("dvc", "status", "evaluate")


def test_a_new_threshold_only_evaluates_again(project: Project) -> None:
    output = project.run("dvc", "exp", "run", "-S", "evaluate.threshold=0.7")
    assert stages_run(output) == {"evaluate"}
    project.run("git", "checkout", "-q", "--", ".")
    project.run("dvc", "checkout", "-q")


@pytest.mark.long
def test_holdout_is_predicted_by_every_fold_and_trained_on_by_none(
    project: Project, tmp_path: Path
) -> None:
    project.set_params(split={"holdout": 0.2}, train={"epochs": 1})
    printed = project.run("dvc", "repro", "evaluate")
    assert stages_run(printed) >= {"split", "train@plain-0", "train@plain-1", "evaluate"}
    folds = pd.read_csv(project.root / "data/folds.csv")
    unseen = folds["id"][folds["fold"] == -1].tolist()
    assert len(unseen) == 8
    scored = pd.read_csv(project.root / "metrics/holdout.csv")
    assert scored["id"].tolist() == unseen
    assert not set(pd.read_csv(project.root / "metrics/tiles.csv")["id"]) & set(unseen)
    assert summary(project)["holdout"]["tiles"] == 8
    predicted = [np.load(project.root / f"models/plain/fold-{fold}/holdout.npy") for fold in (0, 1)]
    assert all(one.shape == (8, 101, 101) for one in predicted)
    assert not np.array_equal(*predicted)
    assert "hold-out, 8 tiles, all folds together: map_iou" in printed
    assert "holdout_neighbour" in summary(project)["leak"]
    project.run("saltseg", "uncertainty", "--json", str(tmp_path / "numbers.json"))
    judged = json.loads((tmp_path / "numbers.json").read_text())
    assert judged["error"] == pytest.approx(scored.eval("(fp + fn).mean()") / 101**2)
    project.run("git", "checkout", "-q", "--", ".")
    project.run("dvc", "checkout", "-q")


def test_fewer_folds_score_as_if_the_others_had_never_been(project: Project) -> None:
    before = summary(project)
    project.set_params(train={"folds": [1]})
    assert stages_run(project.run("dvc", "repro")) <= {"evaluate"}
    alone = summary(project)
    assert (project.root / "models/plain/fold-0").exists()
    assert alone["fold"] == {"1": before["fold"]["1"]}
    assert alone["map_iou"]["mean"] == before["fold"]["1"]["map_iou"]
    project.run("git", "checkout", "-q", "--", ".")
    project.run("dvc", "checkout", "-q")


def test_experiments_in_copies_leave_the_workspace_as_it_is(compared: Project) -> None:
    assert compared.run("git", "status", "--porcelain") == ""
    assert stages_run(compared.run("dvc", "repro")) == set()
    rows = json.loads(compared.run("dvc", "metrics", "diff", "--json", "HEAD", "greedy", "--all"))
    score = rows["metrics/summary.json"]["map_iou.mean"]
    assert score["old"] is not None
    assert score["new"] is not None
    shown = compared.run("saltseg", "scores", COLUMNS="120")
    assert "residual16" in shown
    assert "greedy" in shown
    page = compared.run("dvc", "plots", "diff", "HEAD", "greedy")
    assert "index.html" in page


def test_a_queued_experiment_runs_its_own_code(project: Project) -> None:
    channels = project.root / "src/saltseg/tiles/folds/dividing.py"
    own = channels.read_text()
    channels.write_text(own.replace("def make_folds", 'print("a snapshot")\n\n\ndef make_folds'))
    # Up to the stage whose code it is; the rest would only take time.
    asked = ("--queue", "--name", "snapshot", "-S", "split.n_splits=4", "split")
    project.run("dvc", "exp", "run", *asked)
    channels.write_text(own)
    run_queue(project, jobs=1)
    log = project.run("dvc", "queue", "logs", "snapshot")
    assert "a snapshot" in log
    assert "ERROR" not in log


def test_commands_work_from_any_folder_of_the_project(project: Project) -> None:
    """What they read and write is named from there."""
    below = Project(project.root / "below" / "it")
    below.root.mkdir(parents=True)
    np.save(below.root / "tiles.npy", np.load(project.root / "data/survey/images.npy")[:2])
    assert "workspace" in below.run("saltseg", "scores")
    below.run("saltseg", "export", "--out", "model")
    assert (below.root / "model/fold-1/best.weights.h5").exists()
    printed = below.run("saltseg", "predict", "tiles.npy", "--out", "masks")
    assert "below/it/masks/coverage.csv" in printed
    assert (below.root / "masks/tiles.mask.npy").exists()
    shutil.rmtree(below.root.parent)
