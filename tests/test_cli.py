import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import typer
from typer.testing import CliRunner, Result

import saltseg
from saltseg.cli import app
from saltseg.cli.app import in_project

SALTSEG = Path(sys.executable).parent / "saltseg"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SALTSEG, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_help_lists_the_commands(tmp_path: Path) -> None:
    done = run(tmp_path, "--help")
    assert done.returncode == 0
    assert "scores" in done.stdout


def test_version_short_help_and_completion(tmp_path: Path) -> None:
    assert run(tmp_path, "--version").stdout == f"saltseg {version('saltseg')}\n"
    assert "Usage" in run(tmp_path, "scores", "-h").stdout
    completion = subprocess.run(
        [SALTSEG],
        env=os.environ | {"_SALTSEG_COMPLETE": "source_bash"},
        capture_output=True,
        text=True,
    )
    assert "complete -o default -F _saltseg_completion saltseg" in completion.stdout


def test_comparing_imports_no_network() -> None:
    """Keras and TensorFlow take seconds, and print lines of their own."""
    heavy = "import sys, saltseg.compare; print({'keras', 'tensorflow'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", heavy], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_python_knows_what_is_there() -> None:
    assert {"load", "grey_levels"} <= set(dir(saltseg))


NEED_A_PROJECT = {
    "compare": ["a", "b"],
    "doctor": [],
    "export": ["--out", "x"],
    "fan-out": [],
    "predict": ["x.png", "--out", "x"],
    "register": [],
    "reproduce": [],
    "scores": [],
    "spread": ["a", "b"],
    "submit": ["x", "--out", "x"],
    "track": ["--all"],
    "tune": ["x.yaml"],
    "uncertainty": [],
    "unfinished": ["--clear"],
}


def test_commands_need_a_project_or_none() -> None:
    names = set(typer.main.get_command(app).commands)
    assert names - NEED_A_PROJECT.keys() == {"mosaics", "plan", "score"}


@pytest.mark.parametrize("command", NEED_A_PROJECT)
def test_outside_of_a_project_one_line_says_so(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, [command, *NEED_A_PROJECT[command]])
    assert done.exit_code == 1
    assert done.stdout == ""
    takes_files = command in ("predict", "submit", "export")
    assert done.stderr == (
        f"saltseg {command}: no project here or above (no folder that holds .dvc); go into the"
        f" project's folder{', or name files of a model with --models' * takes_files}\n"
    )
    assert list(tmp_path.iterdir()) == []


def test_a_search_without_optuna_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".dvc").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setitem(sys.modules, "optuna", None)
    done = CliRunner().invoke(app, ["tune", "x.yaml"])
    assert done.exit_code == 1
    assert done.stderr == (
        "saltseg tune: Optuna is not installed; `.venv/bin/pip install optuna`\n"
    )


@pytest.fixture
def noting() -> tuple[dict[str, object], Callable[..., None]]:
    """A command and what it was called with, and where."""
    noted: dict[str, object] = {}

    def command(**options: object) -> None:
        noted.update(options, folder=Path.cwd())

    return noted, in_project(command)


@pytest.mark.parametrize(
    ("below", "expected"), [(".", "{}"), ("a", "a/{}"), ("a/b", "a/b/{}")], ids=["root", "a", "a/b"]
)
def test_paths_are_those_of_where_the_user_stands(
    noting: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, below: str, expected: str
) -> None:
    (tmp_path / ".dvc").mkdir()
    (tmp_path / "a/b").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / below)
    noted, command = noting
    inputs = [Path("x.png"), Path("../x"), Path("/x")]
    command(inputs=inputs, out=Path("out"), html=None, run="x", models=None)
    assert noted["folder"] == tmp_path
    assert noted["inputs"] == [
        Path(expected.format("x.png")),
        Path(expected.format("../x")),
        inputs[2],
    ]
    assert noted["out"] == Path(expected.format("out"))
    assert (noted["html"], noted["run"], noted["models"]) == (None, "x", None)
    assert Path.cwd() == tmp_path / below


def test_files_of_a_model_need_no_project(
    noting: tuple, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    noted, command = noting
    command(models=Path("x"), out=Path("out"))
    assert noted == {"models": Path("x"), "out": Path("out"), "folder": tmp_path}


@pytest.mark.parametrize("unknown", ["no-such-revision"])
def test_unknown_revision_is_one_line(unknown: str) -> None:
    done = run(Path(__file__).parents[1], "scores", unknown)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert unknown in done.stderr


def test_mosaics_of_a_folder_and_a_zip(tmp_path: Path) -> None:
    """A section of two rows, cut into a folder and a zip."""
    section = np.random.default_rng(0).integers(0, 256, (100, 150), np.uint8)
    section = cv2.GaussianBlur(section, (0, 0), 1.5)
    section = cv2.normalize(section, None, 0, 255, cv2.NORM_MINMAX)
    tiles = section.reshape(2, 50, 3, 50).swapaxes(1, 2).reshape(6, 50, 50)
    folder = tmp_path / "tiles/images"
    folder.mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as file:
        for name, tile in zip("abcdef", tiles, strict=True):
            content = cv2.imencode(".png", tile)[1].tobytes()
            if name in "ace":
                file.writestr(f"images/{name}.png", content)
            else:
                (folder / f"{name}.png").write_bytes(content)
    asked = ("tiles", "more.zip", "--out", "groups.csv", "--figure", "largest.png")
    done = run(tmp_path, "mosaics", *asked)
    assert done.returncode == 0, done.stderr
    assert "6 of 6 tiles lie in 1 mosaics, the largest of 6: groups.csv" in done.stdout
    table = pd.read_csv(tmp_path / "groups.csv")
    assert table["id"].tolist() == list("abcdef")
    assert (table["row"] * 3 + table["column"]).tolist() == list(range(6))
    assert cv2.imread(str(tmp_path / "largest.png")) is not None


def planned(*more: str) -> Result:
    return CliRunner().invoke(app, ["plan", "--difference", "0.02", "--spread", "0.006", *more])


def test_plan_prints_powers_and_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    done = planned("--seconds-per-fold", "420", "--folds-seen", "3")
    assert done.exit_code == 0
    assert max(map(len, done.stdout.splitlines())) <= 80
    said = " ".join(done.stdout.split())
    assert "5 folds x 4 divisions 20 0.82 * 0.80 * 2.3 h" in said
    assert "Seen over 3 folds the spread may in truth be 0.00312 to 0.0377" in said
    assert "time" not in planned().stdout


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        (["--spread", "0"], "the spread is 0; expected one of scores, over 0 and at most 1"),
        (["--rope", "nan"], "the rope is nan; expected a difference of scores, 0 to 1"),
        (["--rope", "0.02"], "a difference of 0.02 does not matter with a rope of 0.02, and no"),
        (["--splits", "1"], "1 folds of a division; expected 2 or more"),
        (["--seconds-per-fold", "-1"], "training of a fold takes -1 seconds; expected more than 0"),
    ],
)
def test_a_plan_of_what_cannot_be_is_one_line(wrong: list[str], says: str) -> None:
    done = planned(*wrong)
    assert (done.exit_code, done.stdout) == (1, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"saltseg plan: {says}")


def test_mosaics_of_nothing_is_one_line(tmp_path: Path) -> None:
    done = run(tmp_path, "mosaics", "missing.zip", "--out", "groups.csv")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [
        "saltseg mosaics: missing.zip: neither a file nor a folder; expected a zip, so replace it"
    ]
    assert not (tmp_path / "groups.csv").exists()


def test_a_cluster_without_ray_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saltseg.cli.fanout.find_spec", lambda name: None)
    done = CliRunner().invoke(app, ["fan-out", "--address", "auto"])
    assert done.exit_code == 1
    assert done.stderr == ("saltseg fan-out: Ray is not installed; `.venv/bin/pip install ray`\n")
