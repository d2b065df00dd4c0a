"""What is found in files and folders."""

import os
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saltseg.errors import DataError
from saltseg.inference.sections import Reading, open_inputs
from tests.inference.sample import picture, png, write_zip
from tests.inference.test_segy import amplitudes, grid, write_segy

TILE = (101, 101)


def read(*paths: Path) -> dict[str, np.ndarray]:
    with open_inputs(paths, Reading()) as inputs:
        return {section.id: section.read(TILE).grey for section in inputs.sections}


def folder_of(path: Path, *names: str) -> Path:
    for name in names:
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(png(picture(seed=len(name))))
    return path


def test_a_dataset_gives_its_images_only(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "d", "images/a.png", "images/b.png", "masks/a.png", "other.png")
    assert list(read(folder)) == ["a", "b"]


def test_a_folder_of_pictures(tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "d", "b.png", "a.PNG", ".hidden.png", "deeper/c.png")
    (folder / "notes.txt").write_text("not a picture")
    assert list(read(folder)) == ["a", "b"]


@pytest.mark.parametrize("below", ["images/", "train/images/", "", "survey/"])
def test_a_zip(tmp_path: Path, below: str) -> None:
    images = {"b": picture(10, 20), "a": picture(30, 40)}
    found = read(write_zip(tmp_path / "t.zip", images, below))
    assert list(found) == ["a", "b"]
    for id_, image in images.items():
        np.testing.assert_array_equal(found[id_], image)


def test_files_of_every_kind_together(tmp_path: Path) -> None:
    (tmp_path / "tile.png").write_bytes(png(picture(10, 20)))
    np.save(tmp_path / "line.npy", picture(10, 20).astype(float))
    write_segy(tmp_path / "cube.sgy", amplitudes(6), grid([1, 2], [1, 2, 3]))
    found = read(*(tmp_path / name for name in ("tile.png", "line.npy", "cube.sgy")))
    assert list(found) == ["cube/inline-1", "cube/inline-2", "line", "tile"]


def test_a_long_section_is_no_absurd_picture(tmp_path: Path) -> None:
    (tmp_path / "long.png").write_bytes(png(np.zeros((3, 20_000), np.uint8)))
    assert read(tmp_path / "long.png")["long"].shape == (3, 20_000)
    (tmp_path / "absurd.png").write_bytes(png(np.zeros((3, 40_000), np.uint8)))
    with pytest.raises(DataError, match=r"absurd.png: .*expected 1 to 32768"):
        read(tmp_path / "absurd.png")


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    colour = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    (tmp_path / "colour.png").write_bytes(png(colour))
    (tmp_path / "text.png").write_text("no picture")
    (tmp_path / "tile.jpg").write_bytes(b"\xff\xd8")
    (tmp_path / "empty").mkdir()
    (tmp_path / "kaggle").mkdir()
    write_zip(tmp_path / "kaggle/test.zip", {"a": picture()})
    write_zip(tmp_path / "none.zip", {})
    (tmp_path / "broken.zip").write_bytes(b"PK\x03\x04 and no more")
    os.mkfifo(tmp_path / "pipe.png")
    unreadable = tmp_path / os.fsdecode(b"\xff.png")
    unreadable.write_bytes(png(picture()))
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        np.save(tmp_path / name / "cube.npy", np.zeros((len(name), 4, 4)))
    one = folder_of(tmp_path / "one", "a.png")
    two = folder_of(tmp_path / "two", "images/a.png")
    for paths, expected in (
        ([tmp_path / "colour.png"], "colour.png: a colour picture"),
        ([tmp_path / "text.png"], "text.png: not a PNG file"),
        ([tmp_path / "tile.jpg"], "tile.jpg: no readable JPEG or TIFF"),
        ([tmp_path / "missing"], "missing: no such file or folder"),
        ([tmp_path / "empty"], "empty: no images/ID.png and no ID.png right in it"),
        ([tmp_path / "kaggle"], "kaggle/test.zip may be meant"),
        ([tmp_path / "none.zip"], "none.zip: no images/ID.png"),
        ([tmp_path / "broken.zip"], "broken.zip: not a readable zip"),
        ([tmp_path / "pipe.png"], "pipe.png: no such file or folder"),
        ([tmp_path / "one/cube.npy", tmp_path / "two/cube.npy"], "cube.npy: files of one name"),
        ([unreadable], "a name that is no printable text; rename the file"),
        ([one, two], "1 tile (a) more than once"),
    ):
        with pytest.raises(DataError) as caught:
            read(*paths)
        assert expected in str(caught.value)
        assert "\n" not in str(caught.value)


def mixed(folder: Path) -> Path:
    """A folder as people have it."""
    folder_of(folder, "tile.png", "deeper/inside.png", ".hidden.png")
    np.save(folder / "line.npy", amplitudes(6))
    write_segy(folder / "cube.SGY", amplitudes(6), grid([1, 2], [1, 2, 3]))
    for name in ("photo.jpg", "scan.tif"):
        Image.fromarray(picture(30, 40)).save(folder / name)
    (folder / "notes.txt").write_text("mine")
    (folder / "depths.csv").write_text("id,z\n")
    return folder


def test_a_folder_gives_all_that_can_be_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = read(mixed(tmp_path / "d"))
    assert list(found) == ["cube/inline-1", "cube/inline-2", "line", "photo", "scan", "tile"]
    said = capsys.readouterr().err
    assert said == f"warning: {tmp_path}/d: 2 files passed over (depths.csv, notes.txt)\n"


@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_what_is_passed_over_is_told(
    tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / ("d" if kind == "folder" else "d.zip")
    names = ("images/a.png", "masks/a.png", "b.npy", "c.sgy", "d.jpg", "e.csv")
    if kind == "folder":
        folder_of(path, *names)
    else:
        write_zip(path, {"a": picture()})
        with zipfile.ZipFile(path, "a") as file:
            for name in names[1:]:
                file.writestr(name, b"")
    assert list(read(path)) == ["a"]
    said = capsys.readouterr().err
    assert said == f"warning: {path}: 4 files passed over (b.npy, c.sgy, d.jpg, ...)\n"


def test_nothing_is_said_of_a_plain_folder(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    read(folder_of(tmp_path / "d", "a.png", "b.png"))
    read(write_zip(tmp_path / "t.zip", {"a": picture()}))
    assert not capsys.readouterr().err


def test_two_kinds_of_one_name_in_a_folder_are_one_line(tmp_path: Path) -> None:
    np.save(mixed(tmp_path / "d") / "tile.npy", amplitudes(6))
    with pytest.raises(DataError, match=r"1 tile \(tile\) more than once"):
        read(tmp_path / "d")


def test_whoever_must_be_asked_is_asked_at_once(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.abs(amplitudes(40)))
    with (
        pytest.raises(DataError, match=r"v.npy: all samples are on one side of zero"),
        open_inputs([tmp_path / "v.npy"], Reading()),
    ):
        pass
