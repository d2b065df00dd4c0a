"""MLflow mirrors what DVC records, in a real repository with real experiments."""

import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlparse

import pytest
import yaml
from mlflow import MlflowClient
from mlflow.entities import Run

from tests.pipeline.projects import Project

pytestmark = pytest.mark.slow

# Not in the outputs: who logged it, when, and how long it took. The workspace's commit is the one
# checked out, which this test has moved on since.
VOLATILE = {"host", "root", "git_commit", "mlflow.parentRunId"}
COSTS = {"epoch_seconds", "peak_memory_mib"}


class Shown:
    """What the store shows of a project."""

    def __init__(self, project: Project, name: str = "saltseg") -> None:
        # A copy: MLflow would keep the file open, and look into it after it has been replaced.
        copy = Path(tempfile.mkdtemp(dir=project.root.parent)) / "mlflow.db"
        shutil.copy(project.root / "mlflow.db", copy)
        self.client = MlflowClient(f"sqlite:///{copy}")
        experiment = self.client.get_experiment_by_name(name)
        self.runs: list[Run] = list(self.client.search_runs([experiment.experiment_id]))

    def parents(self) -> list[Run]:
        return [run for run in self.runs if run.data.tags["kind"] == "experiment"]

    def folds(self, parent: Run) -> list[Run]:
        tag = "mlflow.parentRunId"
        return [run for run in self.runs if run.data.tags.get(tag) == parent.info.run_id]

    def files(self, run: Run) -> dict[str, bytes]:
        folder = Path(unquote(urlparse(run.info.artifact_uri).path))
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    def content(self, run: Run) -> dict[str, Any]:
        """All that should come back after the store was lost."""
        names = set(run.data.metrics) - COSTS
        histories = {n: self.client.get_metric_history(run.info.run_id, n) for n in names}
        return {
            "status": run.info.status,
            "params": run.data.params,
            "tags": {k: v for k, v in run.data.tags.items() if k not in VOLATILE},
            "curves": {n: sorted((p.step, p.value) for p in h) for n, h in histories.items()},
            "files": self.files(run),
            "data": [i.dataset.digest for i in run.inputs.dataset_inputs],
        }

    def everything(self) -> dict[str, Any]:
        """Content by run and kind: a difference is then shown by name."""
        found = {}
        for parent in self.parents():
            for run in (parent, *self.folds(parent)):
                name = f"{parent.info.run_name}: {run.info.run_name}"
                found |= {f"{name}: {what}": value for what, value in self.content(run).items()}
        return found


def report(project: Project, *arguments: str) -> str:
    """What compare prints, without what a rebuilt store cannot know."""
    printed = project.run("saltseg", "compare", *arguments, COLUMNS="100")
    above, _, below = printed.partition("\nCost\n")
    told = " ".join((above + below[below.index("Over tiles:") :]).split())
    told, _, address = told.partition(" Curves: ")
    assert "/#/metric?runs=" in address
    return re.sub(r", in all about .*?(?=;|\. )", "", told)


def test_queued_experiments_are_in_the_store_after_their_copies_are_gone(
    compared: Project,
) -> None:
    assert not list(compared.root.glob(".dvc/tmp/exps/tmp*"))
    assert not list(compared.root.glob(".dvc/tmp/exps/*/mlflow.db"))
    shown = Shown(compared)
    (queued,) = [run for run in shown.parents() if run.data.tags["backbone"] == "residual16"]
    assert queued.info.run_name == f"residual16 {queued.data.tags['dvc_experiment']}"
    pictures = shown.files(queued)
    assert pictures["learning_curves.png"].startswith(b"\x89PNG")
    assert pictures["tiles.csv"].startswith(b"id,fold")
    # The queued `plain` gave the very outputs of the workspace: one run, with its name.
    plain = [run for run in shown.parents() if run.data.tags["backbone"] == "plain"]
    assert {"plain greedy"} < {run.info.run_name for run in plain}
    for parent in shown.parents():
        folds = shown.folds(parent)
        assert sorted(run.data.tags["fold"] for run in folds) == ["0", "1"]
        for run in folds:
            assert run.info.status == "FINISHED"
            # Of the workspace's run, made in another place, only the outputs are here.
            assert ("epoch_seconds" in run.data.metrics) == (parent is queued)
            assert "history.csv" in shown.files(run)


def test_a_lost_store_comes_back(compared: Project) -> None:
    before = Shown(compared).everything()
    assert len(before) >= 9 * 6
    compared_before = report(compared, "residual16", "greedy")
    (compared.root / "mlflow.db").unlink()
    shutil.rmtree(compared.root / "mlartifacts")
    # A plain repro brings back the workspace, though no stage has anything to do.
    compared.run("dvc", "repro")
    assert {run.data.tags["backbone"] for run in Shown(compared).parents()} == {"plain"}
    printed = compared.run("saltseg", "track", "--all")
    assert "skipped" not in printed
    assert Shown(compared).everything() == before
    assert report(compared, "residual16", "greedy") == compared_before
    again = compared.run("saltseg", "track", "--all")
    assert "written" not in again
    assert Shown(compared).everything() == before


def test_compare_prints_writes_and_logs(compared: Project) -> None:
    asked = ("--html", "out/report.html", "--markdown", "out/report.md")
    printed = compared.run("saltseg", "compare", "residual16", "greedy", *asked)
    assert "; 2 folds: weak evidence" in " ".join(printed.split())
    page = (compared.root / "out/report.html").read_text()
    markdown = (compared.root / "out/report.md").read_text()
    assert "saltseg compare residual16 greedy --markdown out/report.md" in markdown
    assert (compared.root / "out/images/report-curves.svg").exists()
    shutil.rmtree(compared.root / "out")
    assert '"tiles": [{"id"' in page
    assert '{"labels": ["residual16 ' in page
    shown = Shown(compared, "saltseg comparisons")
    logged = next(run for run in shown.runs if run.info.run_name.startswith("residual16"))
    assert {"difference_map_iou", "difference_iou", "difference_dice"} <= set(logged.data.metrics)
    for run_id in logged.data.tags["compared"].split(", "):
        assert f"/runs/{run_id}" in logged.data.tags["mlflow.note.content"]
    assert shown.files(logged)["report.html"].decode() == page


def test_another_training_seed_can_be_compared_and_tells_the_spread(compared: Project) -> None:
    compared.run("dvc", "exp", "run", "--temp", "-n", "reseeded", "-S", "train.seed=1")
    printed = report(compared, "workspace", "reseeded")
    assert "train.seed 1337 1" in printed
    assert "standard deviation of a fold's score (2 runs of 2 folds)" in printed
    assert "row is better" not in printed
    three = compared.run("saltseg", "compare", "greedy", "reseeded", "residual16", "--json")
    found = json.loads(three[three.index("{") :])
    assert [one["label"].split()[0] for one in found["networks"]] == [
        "plain",
        "plain",
        "residual16",
    ]
    assert found["spread"] is None
    assert [len(row) for row in found["matrix"]] == [3, 3, 3]
    assert [one["differences"][0]["score"] for one in found["comparisons"]] == ["map_iou"] * 2
    told = compared.run("saltseg", "spread", "workspace", "reseeded", "--out", "out/spread.json")
    assert "Another training seed alone moves the mean over 2 folds" in " ".join(told.split())
    found = json.loads((compared.root / "out/spread.json").read_text())
    shutil.rmtree(compared.root / "out")
    assert (found["runs"], found["folds"]) == (2, 2)


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["workspace", "residual16"], "differ in more than train.seed: backbone"),
        (["workspace", "workspace"], "two of these have the same train.seed"),
        (["workspace"], "name two runs or more"),
    ],
)
def test_spread_of_what_is_not_one_network_is_one_line(
    compared: Project, names: list[str], says: str
) -> None:
    (line,) = compared.run("saltseg", "spread", *names, ok=False).strip().splitlines()
    assert line.startswith("saltseg spread: ")
    assert says in line


def test_compare_with_itself_is_exactly_zero(compared: Project) -> None:
    printed = report(compared, "greedy", "greedy")
    assert "exactly zero on all 16 tiles" in printed


@pytest.mark.parametrize(
    ("names", "says"), [(["vgg99", "plain"], "'vgg99'"), (["plain"], "name two runs or more")]
)
def test_compare_of_nothing_is_one_line(compared: Project, names: list[str], says: str) -> None:
    (line,) = compared.run("saltseg", "compare", *names, ok=False).strip().splitlines()
    assert line.startswith("saltseg compare: ")
    assert says in line


def test_a_page_that_cannot_be_written_is_one_line(compared: Project) -> None:
    asked = ("saltseg", "compare", "residual16", "greedy", "--html", "params.yaml/report.html")
    printed = compared.run(*asked, ok=False).strip().splitlines()
    assert printed[-1].startswith("saltseg compare: params.yaml: a file where a folder")
    assert not any("Traceback" in line for line in printed)


@pytest.mark.long
def test_an_edited_loss_makes_a_run_of_its_own_and_other_folds_no_pair(compared: Project) -> None:
    before = {run.info.run_id for run in Shown(compared).parents()}
    losses = compared.root / "src/saltseg/objectives/losses/bce_dice.py"
    code = losses.read_text()
    losses.write_text(code + "\n# Another line.\n")
    compared.run("dvc", "exp", "run", "--temp", "-n", "edited", "-S", "train.folds=[0]")
    losses.write_text(code)
    shown = Shown(compared)
    (edited,) = [run for run in shown.parents() if run.info.run_id not in before]
    assert edited.info.run_name == "plain edited"
    for parent in shown.parents():
        assert len(shown.folds(parent)) == len(yaml.safe_load(parent.data.params["train.folds"]))
    refused = compared.run("saltseg", "compare", "greedy", "edited", ok=False)
    (line,) = refused.strip().splitlines()
    assert line.startswith("saltseg compare: the scored folds differ (plain greedy: [0, 1]")
    forced = compared.run("saltseg", "compare", "greedy", "edited", "--force")
    assert forced.startswith("Warning: the scored folds differ")
    # Of the one fold that they share, alike there or not.
    assert re.search("on (all|its) 8 tiles", " ".join(forced.split()))


def test_a_workspace_that_changed_is_not_shown_as_if_it_had_run(compared: Project) -> None:
    compared.set_params(evaluate={"threshold": 0.4})
    refused = compared.run("saltseg", "track", ok=False)
    assert refused.strip().splitlines() == [
        "saltseg track: workspace: not evaluated as params.yaml asks; run `dvc repro`"
    ]
    others = compared.run("saltseg", "track", "--all")
    assert "skipped workspace: not evaluated" in others
    compared.run("git", "checkout", "-q", "--", ".")
