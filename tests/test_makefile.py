"""The environment is made anew where what it was made for has changed, and only then."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.pipeline.projects import Project

ROOT = Path(__file__).parents[1]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """What `make` looks at, as after `make setup`."""
    for name in ("Makefile", "requirements.txt", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    (tmp_path / ".venv").mkdir()
    sums = [line for line in would_run(tmp_path) if line.endswith("> .venv/.ready")]
    subprocess.run(sums[0], shell=True, cwd=tmp_path, check=True)
    return tmp_path


def would_run(folder: Path) -> list[str]:
    done = subprocess.run(
        ["make", "-n", "--no-print-directory", "exps"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


def installs(folder: Path) -> bool:
    return any("pip install" in line for line in would_run(folder))


def test_newer_files_of_the_same_content_install_nothing(checkout: Path) -> None:
    later = (checkout / ".venv/.ready").stat().st_mtime + 100
    for name in ("requirements.txt", "pyproject.toml"):
        os.utime(checkout / name, (later, later))
    assert not installs(checkout)


@pytest.mark.parametrize("name", ["requirements.txt", "pyproject.toml"])
def test_other_content_installs_anew(checkout: Path, name: str) -> None:
    path = checkout / name
    path.write_text(path.read_text() + "# another\n")
    os.utime(path, (0, 0))
    assert installs(checkout)


def test_what_an_interrupted_setup_leaves_is_no_environment(checkout: Path) -> None:
    (checkout / ".venv/.ready").unlink()
    assert installs(checkout)


@pytest.mark.slow
def test_the_table_of_experiments_fits_80_columns(checkout: Path, compared: Project) -> None:
    (command,) = would_run(checkout)
    table = compared.run("bash", "-c", command, COLUMNS="80")
    assert "greedy" in table
    assert "map_iou.mean" in table
    assert "…" not in table
