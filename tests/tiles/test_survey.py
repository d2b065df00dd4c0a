"""Files between the stages: read as they were written, or refused in one line."""

import os
import struct
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from saltseg.errors import DataError
from saltseg.tiles.masks import coverage_of
from saltseg.tiles.survey import (
    Survey,
    read_array,
    read_labelled,
    read_table,
    read_tiles,
    save_survey,
)
from tests.hangs import limited

IDS = ["007", "NA", "1e5", "nan"]


@pytest.fixture
def survey(tmp_path: Path) -> Path:
    """A folder of four tiles of 3 x 2 pixels, with ids that look like something else."""
    masks = np.arange(24, dtype=np.uint8).reshape(4, 3, 2) % 2
    z = [1.5, np.nan, 3, -4]
    tiles = pd.DataFrame({"id": IDS, "z": z, "coverage": coverage_of(masks)})
    save_survey(Survey(masks * 9, masks, tiles, masks, tiles[["id", "z"]]), tmp_path)
    return tmp_path


def refused(read: Callable[[], object], *expected: str) -> None:
    with (
        pytest.raises(DataError) as caught,
        limited(10),
        warnings.catch_warnings(record=True, action="always") as warned,
    ):
        read()
    message = str(caught.value)
    assert [part for part in (*expected, "run `dvc repro`") if part not in message] == [], message
    assert message.isprintable()
    assert len(message) < 1000
    assert not warned


def test_survey_comes_back_as_it_was_saved(survey: Path) -> None:
    tiles, images, masks = read_labelled(survey)
    assert tiles["id"].tolist() == IDS
    np.testing.assert_array_equal(tiles["z"], [1.5, np.nan, 3, -4])
    np.testing.assert_array_equal(tiles["coverage"], [0.5] * 4)
    np.testing.assert_array_equal(images, np.arange(24).reshape(4, 3, 2) % 2 * 9)
    np.testing.assert_array_equal(masks * 9, images)
    assert read_table(survey / "unlabelled.csv", ("id", "z"))["id"].tolist() == IDS


def test_order_in_memory_does_not_matter(survey: Path) -> None:
    images = np.asfortranarray(np.load(survey / "images.npy"))
    np.save(survey / "images.npy", images)
    np.testing.assert_array_equal(read_labelled(survey)[1], images)


@pytest.mark.parametrize("name", ["images", "masks"])
def test_files_of_different_surveys(survey: Path, name: str) -> None:
    for shape in ((3, 3, 2), (5, 3, 2), (4, 2, 3)):
        np.save(survey / f"{name}.npy", np.zeros(shape, np.uint8))
        refused(lambda: read_labelled(survey), str(shape), "(4, 3, 2)", "4 rows", "together")


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.zeros((4, 3, 2), np.int64), "3 axes of int64"),
        (np.zeros((4, 6), np.uint8), "2 axes of uint8"),
        (np.zeros((4, 3, 2, 1), np.uint8), "4 axes of uint8"),
        (np.zeros((4, 3, 2), ">u2"), "3 axes of >u2"),
        (np.zeros((4, 3, 2), [("a", "u1")]), "3 axes of [('a', 'u1')]"),
        (np.full((4, 3, 2), "x"), "3 axes of <U1"),
    ],
    ids=["numbers of other type", "flat", "channels", "byte order", "structured", "text"],
)
def test_array_of_another_kind(survey: Path, array: np.ndarray, expected: str) -> None:
    np.save(survey / "images.npy", array)
    refused(lambda: read_labelled(survey), str(survey / "images.npy"), expected)


def npy(descr: str, shape: str, body: bytes = bytes(64)) -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + body


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x80\x04]\x94.",
        b"PK\x03\x04" + bytes(100),
        bytes(100),
        npy("'|u1'", "(10**30,)"),
        npy("'|u1'", "(1000000000000000000000000000000,)"),
        npy("'|u1'", "(4611686018427387904, 4611686018427387904)"),
        npy("'|u1'", "(1099511627776,)"),
        npy("'|u1'", "(-1, -64)"),
        npy("'|u1'", "(True, 64)"),
        npy("'|u1'", "(8.0,)"),
        npy("'|u1'", "(65,)"),
        npy("'|O'", "(8,)"),
        npy("[('a', '|u1'), ('b', '|O')]", "(2,)"),
        npy("'|S2147483647'", "(8589934592,)"),
        npy("None", "(2,)"),
        npy("__import__('os').abort()", "(2,)"),
        npy("[" * 3000, "(2,)"),
        npy("'|u1'", "(1,)" + " " * 20_000),
        b"\x93NUMPY\x02\0\xff\xff\xff\xff" + bytes(100),
        b"\x93NUMPY\x09\0\xff\xff" + bytes(100),
    ],
    ids=[
        "empty",
        "pickle",
        "zip",
        "zeros",
        "formula",
        "absurd shape",
        "product beyond 64 bits",
        "larger than the file",
        "negative",
        "truth value",
        "fraction",
        "a byte short",
        "objects",
        "object among fields",
        "absurd text",
        "no type",
        "code",
        "deep header",
        "long header",
        "header longer than the file",
        "unknown version",
    ],
)
def test_malicious_array(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "images.npy"
    path.write_bytes(content)
    refused(lambda: read_array(path), f"{path}: no readable array (")


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, lambda path: path.symlink_to("/dev/zero")])
@pytest.mark.parametrize("name", ["images.npy", "tiles.csv"])
def test_what_is_no_file(survey: Path, name: str, make: Callable[[Path], None]) -> None:
    (survey / name).unlink()
    make(survey / name)
    refused(lambda: read_labelled(survey), f"{survey / name}: no readable", "a pipe or a device")


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (["a,1,0", ",1,0"], "column id holds something else than ids, each once (row 2: '')"),
        (["a,1,0", "a,1,0"], "column id holds something else than ids, each once (row 2: 'a')"),
        (["a,1,0", "b,x,0"], "column z holds something else than numbers (row 2: 'x')"),
        (["a,1,0", "b,inf,0"], "column z holds something else than numbers (row 2: 'inf')"),
        (["a,1,1.5", "b,1,0"], "column coverage holds something else than fractions from 0 to 1"),
        (["a,1,-0.1", "b,1,0"], "column coverage holds something else"),
        (["a,1,", "b,1,0"], "column coverage holds something else"),
        (["a,1,x", "b,1,0"], "column coverage holds something else"),
        ([f"a,1,{'9' * 10_000}"], "column coverage holds something else"),
        (['a,1,"0'], "no readable table (Error tokenizing data"),
        (["a,1,0,5,6", "b,1,0"], "no readable table (its rows are longer than its header)"),
    ],
)
def test_malicious_tiles(tmp_path: Path, rows: list[str], expected: str) -> None:
    path = tmp_path / "tiles.csv"
    path.write_text("\n".join(["id,z,coverage", *rows]))
    refused(lambda: read_tiles(tmp_path), str(path), expected)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            "-2,0",
            "column fold holds something else than whole numbers from -1 (row 1: '-2')",
        ),
        ("0.5,0", "column fold"),
        (",0", "column fold"),
        ("99999999999999999999,0", "column fold"),
        ("0,11", "column coverage_class holds something else than whole numbers from 0 to 10"),
        ("0,", "column coverage_class"),
    ],
)
def test_malicious_folds(tmp_path: Path, row: str, expected: str) -> None:
    path = tmp_path / "folds.csv"
    path.write_text(f"id,fold,coverage_class\na,{row}\n")
    refused(lambda: read_table(path, ("id", "fold", "coverage_class")), str(path), expected)
