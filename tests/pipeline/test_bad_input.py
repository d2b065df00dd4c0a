"""A user's mistake: one clear line, exit code 1, nothing half-written."""

import shutil
import sys
from pathlib import Path

import pytest

from tests.pipeline.projects import Project, make_project


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A repository in which nothing has run, shared: the tests leave it as it was."""
    return make_project(tmp_path_factory.mktemp("bad") / "project")


@pytest.fixture(autouse=True)
def restored(bare: Project) -> None:
    bare.run("git", "checkout", "-q", "--", ".")


def stage(project: Project, name: str, *arguments: str) -> str:
    """Run a stage that must fail; returns what it printed, which must be one line."""
    script = ("python", "-m", f"stages.{name}", *arguments)
    printed = project.run(*script, ok=False, PYTHONPATH="src")
    assert len(printed.strip().splitlines()) == 1, printed
    assert printed.startswith(f"{name}: ")
    assert not list((project.root / "data").glob(".*"))
    return printed


def test_a_python_without_the_environment_says_so(bare: Project) -> None:
    """The command that dvc.yaml has, by a Python that finds no packages."""
    (line,) = bare.run(
        sys.executable, "-S", "-m", "stages.track", ok=False, PYTHONPATH="src"
    ).splitlines()
    assert line.startswith(f"{sys.executable} ran this stage and has no numpy; put")
    assert '.venv/bin:$PATH"' in line


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"backbone": "resnet51"}, ("backbone", "'resnet51'", "resnet50, vgg16")),
        ({"preprocess": {"side": 70}}, ("preprocess.side", "70", "multiple of 32", "64")),
        ({"train": {"folds": [0, 50]}}, ("train.folds", "[50]", "0..49", "split.n_splits")),
        ({"train": {"epochz": 3}}, ("train.epochz", "unknown key")),
        ({"train": {"seed": "many"}}, ("train.seed", "integer")),
    ],
)
def test_parameters(bare: Project, changes: dict, expected: tuple[str, ...]) -> None:
    bare.set_params(**changes)
    printed = stage(bare, "acquire")
    for part in ("params.yaml", *expected):
        assert part in printed
    assert not (bare.root / "data/survey").exists()


def test_folds_that_are_no_list(bare: Project) -> None:
    """DVC fails before any of our code runs; docs/reliability.md explains what it says."""
    output = bare.run("dvc", "exp", "run", "-S", "train.folds=0", "locate", ok=False)
    assert "unexpected error - 'Value' object is not iterable" in output
    bare.set_params(train={"folds": 0})
    assert "train.folds: Input should be a valid list" in stage(bare, "acquire")


def test_dataset_that_does_not_exist(bare: Project) -> None:
    bare.set_params(dataset="../elsewhere")
    printed = stage(bare, "acquire")
    assert "../elsewhere" in printed
    assert "dvc add data/tgs" in printed


@pytest.mark.parametrize("command", ["track", "reproduce"])
def test_a_dvc_lock_with_the_marks_of_a_merge(bare: Project, command: str) -> None:
    lock = bare.root / "dvc.lock"
    lock.write_text("<<<<<<< HEAD\nschema: '2.0'\n=======\n>>>>>>> theirs\n")
    (line,) = bare.run("saltseg", command, ok=False).strip().splitlines()
    lock.unlink()
    assert line.startswith(f"saltseg {command}: ")
    assert "dvc.lock" in line
    assert "mend it, or bring back the committed one by git" in line


def test_training_before_preprocessing(bare: Project) -> None:
    assert "data/processed/images.npy" in stage(bare, "train", "--fold", "0")
    assert not list(bare.root.glob("models/*/*"))


def test_initial_weights_that_are_missing(bare: Project) -> None:
    bare.set_params(model={"weights": "mine.h5"})
    assert "weights/mine.h5" in stage(bare, "weights")


def test_initial_weights_that_are_no_weights(bare: Project) -> None:
    (bare.root / "weights/mine.weights.h5").write_text("no weights")
    bare.set_params(model={"weights": "mine.weights.h5"})
    printed = stage(bare, "weights")
    assert "weights/mine.weights.h5" in printed
    assert "model.weights" in printed
    assert not (bare.root / "data/initial/plain").exists()


def test_a_failing_stage_stops_dvc_and_keeps_earlier_results(bare: Project) -> None:
    bare.run("dvc", "repro", "split")
    before = (bare.root / "data/folds.csv").read_bytes()
    bare.set_params(split={"n_splits": 41}, train={"folds": [0]})
    output = bare.run("dvc", "repro", "split", ok=False)
    assert "split: split.n_splits: 41 folds need more than 40 tiles" in output
    assert "Traceback" not in output
    bare.run("git", "checkout", "-q", "--", ".")
    bare.run("dvc", "repro", "split")
    assert (bare.root / "data/folds.csv").read_bytes() == before


def test_dataset_outside_the_repository_in_a_copy(bare: Project, tmp_path: Path) -> None:
    (bare.root.parent / "outside").mkdir()
    output = bare.run(
        "dvc", "exp", "run", "--temp", "-S", "dataset=../outside", "acquire", ok=False
    )
    [line] = [line for line in output.splitlines() if line.startswith("locate: ")]
    assert "../outside" in line
    assert "dvc add data/tgs" in line
    assert "Traceback" not in output


def test_dataset_that_is_not_tracked_in_a_copy(bare: Project) -> None:
    (bare.root / "data/tgs/train/images").mkdir(parents=True)
    try:
        output = bare.run(
            "dvc", "exp", "run", "--temp", "-S", "dataset=data/tgs", "acquire", ok=False
        )
    finally:
        shutil.rmtree(bare.root / "data/tgs")
    [line] = [line for line in output.splitlines() if line.startswith("locate: ")]
    assert f"{bare.root / 'data/tgs'} does, untracked: run `dvc add data/tgs`" in line
    assert "Traceback" not in output
