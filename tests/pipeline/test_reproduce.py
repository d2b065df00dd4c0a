"""The pipeline run anew gives the same bytes, and it is told where it does not."""

import re
import sqlite3
from pathlib import Path

import pytest

from tests.pipeline.projects import Project, make_project

pytestmark = pytest.mark.slow

# What a stage should never do: give what its environment says, and not its inputs alone.
MOODY = """
    import os

    mood = os.environ.get("MOOD", "")
    Path("data/survey/mood.txt").write_text(mood)
    if mood == "bad":
        raise SystemExit(3)
"""


@pytest.fixture(scope="module")
def moody(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project up to its folds, whose `acquire` depends on more than it declares."""
    made = make_project(tmp_path_factory.mktemp("moody") / "project")
    with (made.root / "stages/acquire.py").open("a") as script:
        script.write(MOODY)
    made.run("dvc", "repro", "split")
    made.commit("the folds")
    return made


@pytest.fixture(autouse=True)
def restored(request: pytest.FixtureRequest) -> None:
    if "moody" in request.fixturenames:
        project: Project = request.getfixturevalue("moody")
        project.run("git", "checkout", "-q", "--", ".")
        project.run("dvc", "checkout", "--quiet", "--force", "acquire", "mosaics", "split")


def rows(printed: str) -> dict[str, str]:
    """Verdict by stage, from the printed table."""
    table = printed[printed.rindex("─") + 1 :].strip().splitlines()
    cells = [line.split(maxsplit=1) for line in table[: [*map(str.strip, table), ""].index("")]]
    return {stage: verdict.strip() for stage, verdict in cells}


def shown(project: Project) -> list[tuple[str, ...]]:
    """Runs that MLflow's pages list."""
    with sqlite3.connect(project.root / "mlflow.db") as database:
        query = "select run_uuid, name, status from runs where lifecycle_stage = 'active'"
        return sorted(database.execute(query))


@pytest.mark.long
def test_training_anew_gives_the_same_bytes_and_shows_the_same_runs(project: Project) -> None:
    before = shown(project)
    printed = project.run("saltseg", "reproduce", COLUMNS="200")
    assert printed.count("epoch 2/2") == 2
    assert rows(printed) == dict.fromkeys(
        (
            *("locate", "acquire", "preprocess", "mosaics", "split", "weights"),
            *("train@plain-0", "train@plain-1", "evaluate"),
        ),
        "identical",
    )
    verdict = printed.strip().splitlines()[-1]
    assert verdict == "identical: 9 of 9 stages gave the very bytes of dvc.lock"
    assert project.run("git", "status", "--porcelain") == ""
    assert len(before) == 3
    assert shown(project) == before


def test_other_bytes_are_told_by_stage(moody: Project) -> None:
    printed = moody.run("saltseg", "reproduce", "split", ok=False, MOOD="fine", COLUMNS="200")
    assert rows(printed) == {
        "locate": "identical",
        "acquire": "differ: data/survey",
        "mosaics": "identical",
        "split": "identical",
    }
    assert "1 of 4 stages gave other bytes than dvc.lock recorded" in printed
    (command,) = re.findall("`(git checkout [^`]*)`", " ".join(printed.split()))
    moody.run("bash", "-c", f"{command} --quiet --force acquire")
    assert (moody.root / "data/survey/mood.txt").read_text() == ""


def test_a_run_that_fails_compares_nothing(moody: Project) -> None:
    printed = moody.run("saltseg", "reproduce", "split", ok=False, MOOD="bad")
    last = printed.strip().splitlines()[-1]
    assert last.startswith("saltseg reproduce: `dvc repro --force` ended with exit code")
    assert "Traceback" not in printed


def test_a_stage_that_is_another_now_is_told(moody: Project) -> None:
    params = moody.root / "params.yaml"
    params.write_text(params.read_text().replace("seed: 1337", "seed: 1"))
    printed = moody.run("saltseg", "reproduce", "split", ok=False, COLUMNS="200")
    assert rows(printed)["split"] == "differ: other code or parameters than recorded"
    assert rows(printed)["acquire"] == "identical"


def test_what_was_never_recorded_is_refused(moody: Project) -> None:
    (line,) = moody.run("saltseg", "reproduce", ok=False).strip().splitlines()
    assert "does not record evaluate, preprocess, train@plain-0" in line
    assert "run `dvc repro` first" in line


def test_outputs_that_are_not_here_are_no_obstacle(moody: Project) -> None:
    """As in a fresh clone, where dvc.lock comes from the machine that committed it."""
    (moody.root / "data/folds.csv").unlink()
    printed = moody.run("saltseg", "reproduce", "split", COLUMNS="200")
    assert set(rows(printed).values()) == {"identical"}


def test_a_folder_without_pipeline_is_one_line(moody: Project, tmp_path: Path) -> None:
    (line,) = Project(tmp_path).run("saltseg", "reproduce", ok=False).strip().splitlines()
    assert line.startswith("saltseg reproduce: ")
    assert "no project here or above" in line
