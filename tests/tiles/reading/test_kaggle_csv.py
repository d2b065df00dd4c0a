"""CSV files that are odd or made to do harm."""

import os
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from saltseg.errors import DataError
from saltseg.tiles.reading.kaggle_csv import MAX_CSV_BYTES, read_column, read_seismic_depths
from tests.hangs import limited


def refused(path: Path, *expected: str) -> None:
    with pytest.raises(DataError) as caught, limited(10):
        read_seismic_depths(path, ["a", "b"])
    message = str(caught.value)
    assert message.startswith(str(path))
    assert [part for part in expected if part not in message] == [], message
    assert message.isprintable()
    assert len(message) < 1000


@pytest.mark.parametrize(
    "content",
    [
        b"id,z\na,1\nb,2\n",
        b'"id","z"\r\n"a","1"\r\n"b","2"\r\n',
        b"\xef\xbb\xbfz,more,id\n1,x,a\n2,,b",
        b"id,z\ra,1\rb,2\r",
        b"id,z\n\na,1\n ,\n\nb,2\n\n",
        b"id,z\na,1,,\nb,2,,\n",
        b'id,z,note\na,1,"a\nnote"\nb,2,"one ""more"""\n',
    ],
    ids=["plain", "quoted", "order", "old Mac", "blank rows", "commas at the end", "quotes"],
)
def test_every_usual_form_is_read(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "depths.csv"
    path.write_bytes(content)
    assert read_column(path, "z") == {"a": "1", "b": "2"}
    np.testing.assert_array_equal(read_seismic_depths(path, ["b", "c", "a"]), [2, np.nan, 1])


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", "line 0: the columns are ''"),
        (b"\n", "line 1: the columns are ''"),
        (b"id;z\na;1", "the columns are 'id;z'"),
        (b"id,z,z\na,1,2", "the columns are 'id, z, z'"),
        (b"id\x1b[31m,z\na,1", "\\x1b"),
        (b"," * 2**20, "line 1: the columns are ',"),
        (b"id,z\na,1\nb\n", "line 3: 1 cells where the header names 2"),
        (b"id,z\na,1,2\n", "line 2: 3 cells where the header names 2"),
        (b"id,z\n,1\n", "line 2: the id is ''"),
        (b"id,z\n" + b"a" * 300 + b",1", "line 2: the id is 'aaa"),
        (b'id,z\n"a\nb",1', "line 3: the id is 'a\\nb'"),
        (b"id,z\na\0,1", "line 2: the id is 'a\\x00'"),
        (b"id,z\na,1\0", "tile a: z is '1\\x00'"),
        (b'id,z\na,"1\nb,2\n', "line 3: unexpected end of data"),
        (b'id,z\n"a"b,1\n', "line 2: ',' expected after"),
        (b'id,z\na,"' + b"1" * 2**24, "line 2: unexpected end of data"),
        (b"id,z\na," + b"1" * 2**24, "tile a: z is '111"),
        (b"id,z\na,nan", "tile a: z is 'nan'"),
        (b"id,z\na,-1e300", "tile a: z is '-1e300'"),
        ("id,z\na,1".encode("utf-16"), "utf-8"),
        ("id,z\na,1".encode("utf-16-le"), "columns are 'i\\x00d\\x00"),
        (b"id,z\n" + b"a,1\n" * 4000, "1 tile (a) more than once"),
    ],
    ids=[
        "empty",
        "empty line",
        "semicolons",
        "column twice",
        "terminal command",
        "a million columns",
        "cell missing",
        "cell too many",
        "no id",
        "long id",
        "id of two lines",
        "NUL in an id",
        "NUL in a number",
        "quote that never closes",
        "text after a quote",
        "long quote that never closes",
        "long number",
        "not a number",
        "far too deep",
        "UTF-16",
        "UTF-16 without mark",
        "many times the same",
    ],
)
def test_malicious_content(tmp_path: Path, content: bytes, expected: str) -> None:
    path = tmp_path / "depths.csv"
    path.write_bytes(content)
    refused(path, expected)


def test_absurdly_large_file_is_not_opened(tmp_path: Path) -> None:
    path = tmp_path / "depths.csv"
    with path.open("wb") as file:
        file.truncate(MAX_CSV_BYTES + 1)
    tracemalloc.start()
    try:
        refused(path, "more than 32 MiB; expected a CSV file")
        assert tracemalloc.get_traced_memory()[1] < 2**20
    finally:
        tracemalloc.stop()


def test_longest_run_length_text_of_a_tile_is_read(tmp_path: Path) -> None:
    """Python's csv module stops at 128 KiB where it is not told otherwise."""
    text = " ".join(f"{start} 1" for start in range(1, 100_000, 2))
    path = tmp_path / "train.csv"
    path.write_text(f"id,rle_mask\na,{text}\n")
    assert read_column(path, "rle_mask") == {"a": text}


def make_broken_link(path: Path) -> None:
    path.symlink_to("nowhere")


def make_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo, make_broken_link, make_device])
def test_what_is_no_file(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "depths.csv"
    make(path)
    refused(path, "not a file; expected a CSV file in UTF-8 with the columns id and z")
