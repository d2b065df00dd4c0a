import subprocess
import sys
import zipfile
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
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


def test_mosaics_of_nothing_is_one_line(tmp_path: Path) -> None:
    done = run(tmp_path, "mosaics", "missing.zip", "--out", "groups.csv")
    assert done.returncode == 1
    assert done.stderr.strip().splitlines() == [
        "saltseg mosaics: missing.zip: neither a file nor a folder; expected a zip, so replace it"
    ]
    assert not (tmp_path / "groups.csv").exists()
