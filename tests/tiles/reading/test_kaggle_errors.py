"""A download that is damaged or incomplete is one line that names the place."""

import os
import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from tests.tiles.download import (
    HEIGHT,
    IDS,
    UNLABELLED,
    WIDTH,
    Change,
    as_rgb,
    assert_one_line,
    chunk,
    grey,
    png,
    raw_png,
    write,
)


def break_png(name: str, change: Callable[[bytes], bytes]) -> Change:
    return lambda folder: write(folder, name, change((folder / name).read_bytes()))


def replace(name: str, data: bytes) -> Change:
    return lambda folder: write(folder, name, data)


def remove(*names: str) -> Change:
    def change(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return change


def remove_all(name: str) -> Change:
    return lambda folder: shutil.rmtree(folder / name)


def empty(name: str) -> Change:
    def change(folder: Path) -> None:
        for file in (folder / name).iterdir():
            file.unlink()

    return change


def append(name: str, line: bytes) -> Change:
    return lambda folder: write(folder, name, (folder / name).read_bytes() + b"\n" + line)


def copy_of(name: str, other: str) -> Change:
    return lambda folder: shutil.copy(folder / name, folder / other)


def flip_byte(data: bytes) -> bytes:
    return data[:50] + bytes([data[50] ^ 1]) + data[51:]


IMAGE, MASK, TEST = "train/images/1b2.png", "train/masks/1b2.png", "test/images/9f6.png"
COLOUR = np.dstack([grey(1), grey(1), grey(2)])
ERRORS: dict[str, tuple[Change, list[str]]] = {
    "no folder": (shutil.rmtree, ["tgs", "no such folder"]),
    "empty folder": (remove_all("train"), ["tgs: no tiles", "train.zip"]),
    "empty dataset": (empty("train/images"), ["tgs/train: no images", "images/ID.png"]),
    "no images": (remove_all("train/images"), ["tgs/train: no images"]),
    "no masks": (remove_all("train/masks"), ["tgs/train: no masks", "masks/ID.png"]),
    "no unlabelled": (empty("test/images"), ["tgs/test: no images"]),
    "image without mask": (remove(MASK), ["tgs/train: no mask for 1 tile (1b2)"]),
    "mask without image": (remove(IMAGE), ["tgs/train: no image for 1 tile (1b2)"]),
    "masks of one tile": (
        remove(*(f"train/masks/{id_}.png" for id_ in IDS[1:])),
        ["no mask for 3 tiles (1b2, 2c3, 3d4)"],
    ),
    "masks with a suffix": (
        lambda folder: (folder / MASK).rename(folder / "train/masks/1b2_mask.png"),
        ["tgs/train: no mask for 1 tile (1b2)"],
    ),
    "JPEG files": (
        lambda folder: [
            path.rename(path.with_suffix(".jpg")) for path in [*(folder / "train").rglob("*.png")]
        ],
        ["tgs/train: no images; expected PNG files images/ID.png"],
    ),
    "JPEG called PNG": (replace(MASK, b"\xff\xd8\xff\xe0" * 9), [MASK, "not a PNG"]),
    "no picture": (replace(IMAGE, b"GIF89a" * 9), [IMAGE, "not a PNG"]),
    "empty file": (replace(MASK, b""), [MASK, "not a PNG"]),
    "half a PNG": (break_png(IMAGE, lambda data: data[: len(data) // 2]), [IMAGE, "truncated"]),
    "PNG without end": (break_png(IMAGE, lambda data: data[:-12]), [IMAGE, "truncated"]),
    "PNG less a byte": (break_png(MASK, lambda data: data[:-1]), [MASK, "truncated"]),
    "header only": (break_png(TEST, lambda data: data[:33]), [TEST, "truncated"]),
    "wrong bit": (break_png(MASK, flip_byte), [MASK, "damaged", "checksum"]),
    "too few rows": (
        replace(IMAGE, raw_png(HEIGHT, WIDTH, zlib.compress(bytes(2 * (WIDTH + 1))))),
        [IMAGE, "cannot be decoded"],
    ),
    "no deflate stream": (replace(MASK, raw_png(6, 5, b"garbage")), [MASK, "cannot be decoded"]),
    "absurd PNG": (replace(IMAGE, raw_png(100_000, 100_000, b"")), [IMAGE, "100000x100000"]),
    "PNG of no pixels": (replace(IMAGE, raw_png(0, 5, b"")), [IMAGE, "0x5"]),
    "colour": (replace(IMAGE, png(COLOUR)), [IMAGE, "colour", "grey"]),
    "colour mask": (replace(MASK, png(COLOUR)), [MASK, "colour", "grey"]),
    "transparency": (
        replace(IMAGE, png(np.dstack([as_rgb(grey(1)), grey(1)]))),
        [IMAGE, "transparency"],
    ),
    "picture for a mask": (replace(MASK, png(grey(1))), [MASK, "grey levels from", "a mask"]),
    "16-bit image": (replace(IMAGE, png(grey(1).astype(np.uint16))), [IMAGE, "uint16", "8 bits"]),
    "other mask size": (replace(MASK, png(np.zeros((7, 5), np.uint8))), [MASK, "7x5", "6x5"]),
    "other tile size": (replace(IMAGE, png(grey(1, (5, 6)))), [IMAGE, "is 5x6", "3 of 4 are 6x5"]),
    "first tile odd": (
        replace("train/images/0a1.png", png(grey(1, (8, 8)))),
        ["images/0a1.png", "is 8x8", "3 of 4 are 6x5"],
    ),
    "other unlabelled size": (
        lambda folder: [
            write(folder, f"test/images/{id_}.png", png(grey(1, (4, 4)))) for id_ in UNLABELLED
        ],
        ["tgs/test", "4x4", "6x5"],
    ),
    "odd unlabelled size": (replace(TEST, png(grey(1, (4, 4)))), [TEST, "is 4x4"]),
    "labelled and unlabelled": (copy_of(IMAGE, "test/images/1b2.png"), ["tgs", "1 tile (1b2)"]),
    "same id twice": (copy_of(IMAGE, "train/images/1b2.PNG"), ["images/", "1b2", "more than once"]),
    "RLE impossible": (
        lambda folder: write(folder, "train.csv", b"id,rle_mask\n0a1,\n2c3,1 2 3"),
        ["train.csv: tile 2c3: ", "odd count"],
    ),
    "RLE beyond tile": (
        replace("train.csv", b"id,rle_mask\n2c3,30 2"),
        ["train.csv: tile 2c3: ", "pixel 30"],
    ),
    "RLE disagrees": (
        replace("train.csv", b"id,rle_mask\n0a1,\n3d4,1 1"),
        ["train.csv: tile 3d4: ", "masks/3d4.png", "differ in 7 pixels"],
    ),
    "RLE of salt where the mask has none": (
        replace("train.csv", b"id,rle_mask\n0a1,1 30"),
        ["train.csv: tile 0a1: ", "masks/0a1.png are opposites"],
    ),
    "RLE of no tile": (append("train.csv", b"fff,1 1"), ["train.csv", "1 tile (fff)"]),
    "row twice": (append("train.csv", b"0a1,"), ["train.csv", "0a1", "more than once"]),
    "depth twice": (append("depths.csv", b"0a1,5"), ["depths.csv", "0a1", "more than once"]),
    "z no number": (replace("depths.csv", b"id,z\n0a1,deep"), ["depths.csv: tile 0a1", "'deep'"]),
    "z infinite": (replace("depths.csv", b"id,z\n0a1,inf"), ["depths.csv: tile 0a1", "'inf'"]),
    "no column z": (
        replace("depths.csv", b"id,depth\n0a1,1"),
        ["depths.csv", "id, depth", "id and z"],
    ),
    "no column rle_mask": (replace("train.csv", b"id\n0a1"), ["train.csv", "id and rle_mask"]),
    "semicolons": (replace("depths.csv", b"id;z\n0a1;1"), ["depths.csv", "id;z", "between commas"]),
    "empty CSV": (replace("train.csv", b""), ["train.csv", "not readable", "id and rle_mask"]),
    "CSV not text": (
        replace("depths.csv", b"id,z\n\xff\xfe,1"),
        ["depths.csv", "UTF-8", "id and z"],
    ),
    "CSV malformed": (
        replace("depths.csv", b"id,z\n0a1,1\n1b2,1,2,3"),
        ["depths.csv", "not readable", "line 3"],
    ),
}


@pytest.mark.parametrize(("change", "expected"), ERRORS.values(), ids=ERRORS)
def test_error_is_one_line_that_names_the_place(
    kaggle: Path, change: Change, expected: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    change(kaggle)
    assert_one_line(kaggle, expected)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("name", ["train.zip", "test.zip", "depths.csv", "train.csv"])
def test_pipe_in_place_of_a_file_is_not_waited_for(kaggle: Path, name: str) -> None:
    shutil.rmtree(kaggle / name.removesuffix(".zip"), ignore_errors=True)
    (kaggle / name).unlink(missing_ok=True)
    os.mkfifo(kaggle / name)
    assert_one_line(kaggle, [name, "a file"])


@pytest.mark.parametrize(
    "name", ["train", "train.zip", "test", "test.zip", "depths.csv", "train.csv"]
)
def test_broken_link_is_not_passed_over(kaggle: Path, name: str) -> None:
    """As if there were no depths, no tiles without masks, or the older of two downloads."""
    for path in (kaggle / name.removesuffix(".zip"), kaggle / name):
        shutil.rmtree(path, ignore_errors=True)
        path.unlink(missing_ok=True)
    (kaggle / name).symlink_to("nowhere")
    assert_one_line(kaggle, [name, "file"])


def test_png_of_chunks_without_end(kaggle: Path) -> None:
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"tEXt", b"") * 70_000
    write(kaggle, IMAGE, b"\x89PNG\r\n\x1a\n" + body)
    assert_one_line(kaggle, [IMAGE, "more than 65536 chunks"])


def test_tiles_of_a_line_are_none(kaggle: Path) -> None:
    for path in [*kaggle.rglob("*.png")]:
        path.write_bytes(cv2.imencode(".png", np.zeros((1, 7), np.uint8))[1].tobytes())
    assert_one_line(kaggle, ["1x7 pixels", "expected tiles of at least 3 a side"])


def test_survey_larger_than_memory(kaggle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = psutil.virtual_memory()._replace(available=4 * HEIGHT * WIDTH - 1)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    assert_one_line(kaggle, ["4 tiles of 6x5", "memory"])
