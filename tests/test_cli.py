import subprocess
import sys
from pathlib import Path

import pytest

SALTSEG = Path(sys.executable).parent / "saltseg"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SALTSEG, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_help_lists_the_commands(tmp_path: Path) -> None:
    done = run(tmp_path, "--help")
    assert done.returncode == 0
    assert "scores" in done.stdout


def test_scores_outside_a_repository_is_one_line(tmp_path: Path) -> None:
    done = run(tmp_path, "scores")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "dvc.yaml" in done.stderr


@pytest.mark.parametrize("unknown", ["no-such-revision"])
def test_unknown_revision_is_one_line(unknown: str) -> None:
    done = run(Path(__file__).parents[1], "scores", unknown)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert unknown in done.stderr
