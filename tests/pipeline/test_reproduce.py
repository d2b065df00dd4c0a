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
    cells = [line.split(maxsplit=2) for line in table[: [*map(str.strip, table), ""].index("")]]
    # Further outputs of a stage stand below the first one.
    return {line[0]: line[2].strip() for line in cells if len(line) == 3}


def shown(project: Project) -> list[tuple[str, ...]]:
    """Runs that MLflow's pages list."""
    with sqlite3.connect(project.root / "mlflow.db") as database:
        query = "select run_uuid, name, status from runs where lifecycle_stage = 'active'"
        return sorted(database.execute(query))


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
    assert verdict.startswith("identical: 9 of 9 stages gave the very bytes of dvc.lock (committed")
    assert project.run("git", "status", "--porcelain") == ""
    assert len(before) == 3
    assert shown(project) == before


def test_other_bytes_are_told_by_stage_and_file(moody: Project) -> None:
    printed = moody.run("saltseg", "reproduce", "split", ok=False, MOOD="fine", COLUMNS="200")
    assert rows(printed) == {
        "locate": "identical",
        "acquire": "differs: data/survey: mood.txt",
        "mosaics": "identical",
        "split": "identical",
    }
    assert printed.strip().splitlines()[-1].startswith("differs: 1 of 4 stages gave other bytes")
    assert bring_back(moody, printed) == "git checkout dvc.lock && dvc repro split"
    assert (moody.root / "data/survey/mood.txt").read_text() == ""


def test_a_lock_that_is_not_committed_can_be_brought_back(moody: Project) -> None:
    moody.run("dvc", "repro", "--force", "acquire", MOOD="fine")
    recorded = (moody.root / "dvc.lock").read_text()
    printed = moody.run("saltseg", "reproduce", "acquire", ok=False, COLUMNS="200")
    assert "committed" not in printed
    assert bring_back(moody, printed).startswith("cp ")
    assert (moody.root / "dvc.lock").read_text() == recorded
    assert (moody.root / "data/survey/mood.txt").read_text() == "fine"


def bring_back(project: Project, printed: str) -> str:
    """Run the command that is told to bring back what was recorded; returns it."""
    (told,) = re.findall("`([^`]*)` brings", " ".join(printed.split()))
    assert "Running stage" not in project.run("bash", "-c", told, MOOD="bad")
    return told


def test_a_run_that_fails_compares_nothing_and_restores_nothing(moody: Project) -> None:
    printed = moody.run("saltseg", "reproduce", "split", ok=False, MOOD="bad", COLUMNS="200")
    last = printed.strip().splitlines()[-1]
    assert last.startswith("saltseg reproduce: `dvc repro --force` ended with exit code")
    assert "Traceback" not in printed
    assert (moody.root / "data/survey/mood.txt").read_text() == "bad"
    assert bring_back(moody, printed) == "git checkout dvc.lock && dvc repro split"
    assert (moody.root / "data/survey/mood.txt").read_text() == ""


@pytest.mark.parametrize(
    ("path", "named"),
    [("params.yaml", "params.yaml (seed)"), ("src/saltseg/tiles/folds.py",) * 2, ("dvc.yaml",) * 2],
)
def test_what_has_changed_since_is_refused_before_anything_runs(
    moody: Project, path: str, named: str
) -> None:
    edited = moody.root / path
    replacements = {"seed: 1337": "seed: 1", "python stages/split": "python -u stages/split"}
    text = edited.read_text() + "# Another line.\n"
    for old, new in replacements.items():
        text = text.replace(old, new)
    edited.write_text(text)
    (line,) = moody.run("saltseg", "reproduce", "split", ok=False).strip().splitlines()
    assert line.startswith(f"saltseg reproduce: {named} changed since dvc.lock was written")


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
