"""Zip files that nobody should trust."""

import os
import shutil
import struct
import tracemalloc
import warnings
import zipfile
from pathlib import Path

import pytest

from saltseg.tiles.reading import archive
from tests.tiles.download import assert_one_line, grey, png, salt, zip_up


@pytest.mark.parametrize(
    "name",
    [
        "/images/x.png",
        "../images/x.png",
        "images/../../x.png",
        "..\\images\\x.png",
        "\\images\\x.png",
        "C:/images/x.png",
        "C:x.png",
        "\\\\host\\share\\x.png",
        "../.DS_Store",
    ],
)
def test_zip_member_outside_the_zip(kaggle: Path, name: str) -> None:
    path = zip_up(kaggle, "train")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(name, png(grey(1)))
    assert_one_line(kaggle, ["train.zip", repr(name), "outside the zip"])


def test_zip_member_that_is_a_link(kaggle: Path) -> None:
    info = zipfile.ZipInfo("images/x.png")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(zip_up(kaggle, "train"), "a") as file:
        file.writestr(info, "/etc/passwd")
    assert_one_line(kaggle, ["train.zip: member 'images/x.png' is a symbolic link"])


def test_zip_member_that_unpacks_to_more_than_it_says(kaggle: Path) -> None:
    """A stream of 65 MiB that says it holds 100 bytes: no more than that is ever unpacked."""
    path = kaggle / "train.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("masks/x.png", png(salt(1)))
        file.writestr("images/x.png", bytes(65 * 2**20))
    shutil.rmtree(kaggle / "train")
    content = bytearray(path.read_bytes())
    size = struct.pack("<I", 65 * 2**20)
    for _ in range(content.count(size)):
        at = content.index(size)
        content[at : at + 4] = struct.pack("<I", 100)
    path.write_bytes(content)
    tracemalloc.start()
    assert_one_line(kaggle, ["train.zip: images/x.png: damaged in the zip"])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**23


def test_zip_member_twice(kaggle: Path) -> None:
    path = zip_up(kaggle, "train")
    with zipfile.ZipFile(path, "a") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file.writestr("images/1b2.png", png(grey(1)))
    assert_one_line(kaggle, ["train.zip", "images/", "1 tile (1b2)", "more than once"])


def test_zip_member_encrypted(kaggle: Path) -> None:
    path = zip_up(kaggle, "train")
    data = bytearray(path.read_bytes())
    # Bit 0 of the flags, at byte 8 of each entry of the central directory.
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert_one_line(kaggle, ["train.zip", "encrypted"])


def test_zip_member_damaged(kaggle: Path) -> None:
    path = zip_up(kaggle, "train")
    data = bytearray(path.read_bytes())
    start = data.index(b"images/1b2.png") + 20
    data[start : start + 20] = bytes(20)
    path.write_bytes(data)
    assert_one_line(kaggle, ["train.zip: images/1b2.png", "damaged"])


def test_zip_truncated(kaggle: Path) -> None:
    path = zip_up(kaggle, "train")
    path.write_bytes(path.read_bytes()[:-100])
    assert_one_line(kaggle, ["train.zip", "not a readable zip"])


def test_zip_without_masks(kaggle: Path) -> None:
    shutil.rmtree(kaggle / "train/masks")
    zip_up(kaggle, "train")
    assert_one_line(kaggle, ["train.zip: no masks"])


@pytest.mark.parametrize("zipped", [True, False])
def test_member_too_large(kaggle: Path, zipped: bool) -> None:
    size = archive.MAX_MEMBER_BYTES + 1
    with (kaggle / "train/images/1b2.png").open("wb") as file:
        os.truncate(file.fileno(), size)
    if zipped:
        zip_up(kaggle, "train")
    assert_one_line(kaggle, ["train", "images/1b2.png", "64 MiB", "at most"])
