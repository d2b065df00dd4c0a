"""Damaged files, thousands of them: each one is read as something valid, or refused in one line.

Set SALTSEG_TGS to damage real tiles; else it is tiles made here.
"""

import csv
import os
import random
import signal
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import BytesIO, StringIO
from pathlib import Path
from types import FrameType

import cv2
import numpy as np
import pytest
import yaml

from saltseg.errors import SaltsegError
from saltseg.params import Params, load_params
from saltseg.tiles.reading import rle
from saltseg.tiles.reading.kaggle import read_kaggle
from saltseg.tiles.reading.kaggle_csv import read_column, read_seismic_depths
from saltseg.tiles.reading.pngs import MAX_SIDE, image_from_png, mask_from_png
from saltseg.tiles.synthetic.recipe import Recipe, read_recipe

ROOT = Path(__file__).parents[3]
MUTATIONS = 2000
SECONDS = 5.0
"""Longer than this for one damaged file is a hang."""

Source = tuple[dict[str, bytes], str, str]


@pytest.fixture(scope="module")
def source() -> Source:
    """A few tiles as PNG by their place in a zip, their train.csv, and depths.csv."""
    if folder := os.environ.get("SALTSEG_TGS"):
        return real_tiles(Path(folder))
    made = np.random.default_rng(0).integers(0, 256, (4, 101, 101), np.uint8)
    files, runs = {}, {}
    for number, image in enumerate(made):
        mask = (image > 200).astype(np.uint8) if number else np.zeros_like(image)
        files[f"images/t{number}.png"] = png(np.repeat(image[..., None], 3, axis=2))
        files[f"masks/t{number}.png"] = png(mask * np.uint16(65535) if number else mask)
        runs[f"t{number}"] = rle.encode(mask)
    depths = "id,z\n" + "".join(f"t{number},{100 + number}\n" for number in range(4))
    return files, table(runs), depths


def real_tiles(folder: Path) -> Source:
    """The first four tiles of the download."""
    with (folder / "train.csv").open() as file:
        rows = [row for row, _ in zip(csv.DictReader(file), range(4), strict=False)]
    names = [f"{kind}/{row['id']}.png" for row in rows for kind in ("images", "masks")]
    with zipfile.ZipFile(folder / "train.zip") as archive:
        files = {name: archive.read(name) for name in names}
    lines = (folder / "depths.csv").read_text().splitlines(keepends=True)
    kept = [line for line in lines[1:] if line.split(",")[0] in {row["id"] for row in rows}]
    return files, table({row["id"]: row["rle_mask"] for row in rows}), lines[0] + "".join(kept)


def png(picture: np.ndarray) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


def table(runs: dict[str, str]) -> str:
    text = StringIO()
    writer = csv.writer(text)
    writer.writerows([("id", "rle_mask"), *runs.items()])
    return text.getvalue()


def zipped(files: dict[str, bytes], how: int = zipfile.ZIP_DEFLATED) -> bytes:
    data = BytesIO()
    with zipfile.ZipFile(data, "w", how) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


def damaged(data: bytes, draw: random.Random) -> bytes:
    """Some bits flipped, bytes changed, spans lost, doubled or put in, or the end cut off."""
    content = bytearray(data)
    for _ in range(draw.choice((1, 1, 1, 2, 8))):
        at = draw.randrange(len(content) or 1)
        span = draw.randrange(1, 40)
        match draw.randrange(7):
            case 0:
                content[at : at + 1] = bytes(
                    [content[at] ^ 1 << draw.randrange(8)] if content else b""
                )
            case 1:
                content[at : at + span] = draw.randbytes(span)
            case 2:
                del content[at : at + span]
            case 3:
                content[at:at] = content[at : at + span]
            case 4:
                content[at:at] = draw.randbytes(span)
            case 5:
                content[at : at + 4] = draw.choice(
                    (b"\xff\xff\xff\xff", bytes(4), b"\x7f\xff\xff\xff")
                )
            case _:
                del content[draw.randrange(len(content) or 1) :]
    return bytes(content)


def mended(data: bytes) -> bytes:
    """The same PNG with right checksums, so that a decoder sees what is wrong in the chunks."""
    content, start = bytearray(data), 8
    while start + 12 <= len(content):
        (length,) = struct.unpack(">I", content[start : start + 4])
        end = start + 12 + length
        if end > len(content):
            break
        checksum = zlib.crc32(bytes(content[start + 4 : end - 4]))
        content[end - 4 : end] = struct.pack(">I", checksum)
        start = end
    return bytes(content)


class HangError(BaseException):
    """Nothing that reads a file may catch it."""


@contextmanager
def limited() -> Iterator[None]:
    """Interrupt what takes too long."""

    def hang(_: int, __: FrameType | None) -> None:
        raise HangError

    before = signal.signal(signal.SIGALRM, hang)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def each(data: bytes, read: Callable[[bytes, random.Random], bool], count: int = MUTATIONS) -> None:
    """Read `count` damaged versions; `read` says whether one was taken as valid."""
    valid = 0
    for seed in range(count):
        draw = random.Random(seed)
        try:
            with limited():
                valid += read(damaged(data, draw), draw)
        except SaltsegError as error:
            refused = str(error)
            if "\n" not in refused:
                continue
            pytest.fail(f"mutation {seed}: more than a line: {refused}")
        except BaseException as error:
            raise AssertionError(f"mutation {seed}: {error!r}") from error
    print(f"{valid} of {count} were read as something valid")
    assert valid < count


@pytest.mark.parametrize("kind", ["images", "masks"])
def test_png(source: Source, kind: str) -> None:
    masks = kind == "masks"
    levels = 1 if masks else 255
    files = [data for name, data in source[0].items() if name.startswith(kind)]

    def read(data: bytes, draw: random.Random) -> bool:
        png = mended(data) if draw.random() < 0.5 else data
        tile = mask_from_png(png, "x.png")[0] if masks else image_from_png(png, "x.png")
        assert tile.dtype == np.uint8
        assert tile.ndim == 2
        assert max(tile.shape) <= MAX_SIDE
        assert tile.max() <= levels
        return True

    for data in files[:2]:
        each(data, read, MUTATIONS // 2)


def test_zip(source: Source, tmp_path: Path) -> None:
    """Damaged as a whole, its directory, and a member before it was zipped."""
    path, files = tmp_path / "train.zip", source[0]
    expected = {Path(name).stem for name in files}
    intact = {how: zipped(files, how) for how in (zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED)}

    def read(_: bytes, draw: random.Random) -> bool:
        how = draw.choice(list(intact))
        data = intact[how]
        directory = data.rindex(b"PK\x05\x06") - 60 * len(files)
        match draw.randrange(3):
            case 0:
                data = damaged(data, draw)
            case 1:
                data = data[:directory] + damaged(data[directory:], draw)
            case _:
                name = draw.choice(list(files))
                data = zipped(files | {name: mended(damaged(files[name], draw))}, how)
        path.write_bytes(data)
        survey = read_kaggle(tmp_path)
        assert survey.images.dtype == survey.masks.dtype == np.uint8
        assert survey.images.shape == survey.masks.shape
        assert survey.masks.max() <= 1
        assert len(survey.images) == len(survey.tiles)
        assert len(expected & set(survey.tiles["id"])) >= len(survey.tiles) - 2
        return True

    each(b"unused", read)


def test_depths(source: Source, tmp_path: Path) -> None:
    path = tmp_path / "depths.csv"

    def read(data: bytes, _: random.Random) -> bool:
        path.write_bytes(data)
        z = read_seismic_depths(path, ["t0", "t1"])
        assert z.shape == (2,)
        assert z.dtype == np.float64
        assert not np.isinf(z).any()
        return True

    each(source[2].encode(), read)


def test_run_lengths(source: Source, tmp_path: Path) -> None:
    path = tmp_path / "train.csv"

    def read(data: bytes, _: random.Random) -> bool:
        path.write_bytes(data)
        for id_, text in read_column(path, "rle_mask").items():
            mask = rle.decode(text, 101, 101, id_)
            assert mask.shape == (101, 101)
            assert mask.max() <= 1
        return True

    each(source[1].encode(), read)


def test_parameters(tmp_path: Path) -> None:
    path, intact = tmp_path / "params.yaml", (ROOT / "params.yaml").read_bytes()

    def read(data: bytes, _: random.Random) -> bool:
        path.write_bytes(data)
        assert isinstance(load_params(path), Params)
        return True

    each(intact, read, 300)


def test_recipe(tmp_path: Path) -> None:
    path = tmp_path / "synthetic.yaml"
    # Without its comments, most of the file: damage to them is none.
    intact = yaml.safe_dump(yaml.safe_load((ROOT / "data/synthetic.yaml").read_text()))

    def read(data: bytes, _: random.Random) -> bool:
        path.write_bytes(data)
        assert isinstance(read_recipe(path), Recipe)
        return True

    each(intact.encode(), read, 300)
