"""Images of several zips and folders at once."""

import zipfile
from pathlib import Path

import cv2
import numpy as np
import pytest

from saltseg.errors import DataError
from saltseg.tiles.dataset import read_pictures


def png(level: int) -> bytes:
    return cv2.imencode(".png", np.full((4, 5), level, np.uint8))[1].tobytes()


def make_folder(path: Path, **levels: int) -> Path:
    for kind in ("images", "masks"):
        (path / kind).mkdir(parents=True)
        for id_, level in levels.items():
            (path / kind / f"{id_}.png").write_bytes(png(level if kind == "images" else 0))
    return path


def make_zip(path: Path, **levels: int) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for id_, level in levels.items():
            file.writestr(f"images/{id_}.png", png(level))
    return path


def test_zips_and_folders_together(tmp_path: Path) -> None:
    sources = [make_zip(tmp_path / "x.zip", b=2, d=4), make_folder(tmp_path / "y", a=1, c=3)]
    ids, images = read_pictures(sources)
    assert ids == ["a", "b", "c", "d"]
    assert images[:, 0, 0].tolist() == [1, 2, 3, 4]


def test_kaggle_download(tmp_path: Path) -> None:
    make_folder(tmp_path / "train", a=1)
    make_zip(tmp_path / "train.zip", z=9)
    make_zip(tmp_path / "test.zip", b=2)
    ids, images = read_pictures([tmp_path])
    assert ids == ["a", "b"]
    assert images[:, 0, 0].tolist() == [1, 2]


def test_further_down(tmp_path: Path) -> None:
    make_folder(tmp_path / "competition_data/train/train", a=1)
    make_folder(tmp_path / "competition_data/test", b=2)
    ids, images = read_pictures([tmp_path])
    assert ids == ["a", "b"]
    assert images[:, 0, 0].tolist() == [1, 2]


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    one, two = make_zip(tmp_path / "one.zip", a=1), make_zip(tmp_path / "two.zip", a=2)
    empty = tmp_path / "empty"
    (empty / "images").mkdir(parents=True)
    (tmp_path / "nothing").mkdir()
    for sources, expected in (
        ([one, two], "1 tile (a) more than once"),
        ([one, empty], "empty: no images; expected files images/ID.png"),
        ([tmp_path / "nothing"], "nothing: no tiles here"),
        ([tmp_path / "missing.zip"], "missing.zip: neither a file nor a folder"),
    ):
        with pytest.raises(DataError) as caught:
            read_pictures(sources)
        assert expected in str(caught.value)
        assert "\n" not in str(caught.value)
