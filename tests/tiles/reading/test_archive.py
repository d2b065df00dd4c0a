"""Zips and folders that are odd or made to do harm."""

import bz2
import io
import os
import random
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from saltseg.errors import DataError
from saltseg.tiles.reading import archive
from saltseg.tiles.reading.archive import open_members
from tests.hangs import limited

CENTRAL, END = b"PK\x01\x02", b"PK\x05\x06"


def read_all(path: Path) -> dict[str, bytes]:
    with open_members(path) as members:
        return {f"{member.folder}/{member.id}": member.read() for member in members}


def refused(path: Path, *expected: str) -> None:
    with pytest.raises(DataError) as caught, limited(10):
        read_all(path)
    message = str(caught.value)
    assert message.startswith(str(path))
    assert [part for part in expected if part not in message] == [], message
    assert message.isprintable()
    assert len(message) < 1000


def zipped(path: Path, how: int = zipfile.ZIP_DEFLATED, **members: bytes) -> Path:
    """A zip of images; returns its path."""
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, content in members.items():
            archive.writestr(f"images/{name}.png", content)
    return path


def overwrite(path: Path, after: bytes, at: int, new: bytes) -> None:
    """Change bytes of the first record that begins with `after`."""
    content = bytearray(path.read_bytes())
    start = content.index(after) + at
    content[start : start + len(new)] = new
    path.write_bytes(content)


@pytest.mark.parametrize("how", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_usual_methods_are_read(tmp_path: Path, how: int) -> None:
    content = random.Random(0).randbytes(10_000) + bytes(17 * 2**20)
    assert read_all(zipped(tmp_path / "x.zip", how, a=content)) == {"images/a": content}


@pytest.mark.parametrize("how", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_methods_without_limit_are_refused(tmp_path: Path, how: int) -> None:
    path = zipped(tmp_path / "x.zip", how, a=b"x")
    refused(path, "member 'images/a.png' is packed by method", "zip the folder again")


def test_nothing_is_unpacked_beyond_the_announced_size(tmp_path: Path) -> None:
    """A bzip2 stream of 64 MiB that says it holds 100 bytes."""
    path = zipped(tmp_path / "x.zip", zipfile.ZIP_STORED, a=bz2.compress(bytes(2**26)))
    overwrite(path, CENTRAL, 10, struct.pack("<H", zipfile.ZIP_BZIP2))
    overwrite(path, CENTRAL, 24, struct.pack("<I", 100))
    tracemalloc.start()
    try:
        refused(path, "is packed by method 12")
        assert tracemalloc.get_traced_memory()[1] < 2**23
    finally:
        tracemalloc.stop()


def test_zip_inside_a_zip_is_no_picture(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", a=b"x").read_bytes()
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.writestr("images.zip", inner)
        archive.writestr("images/inner.zip", inner)
        archive.writestr("images/a.png", inner)
    assert read_all(tmp_path / "outer.zip") == {"images/a": inner}


def test_list_of_millions_of_members_is_not_read(tmp_path: Path) -> None:
    """The end of the zip says that its list, here a hole in the file, is 3 GiB long."""
    path = tmp_path / "x.zip"
    with path.open("wb") as file:
        file.truncate(3 * 2**30)
        file.seek(0, io.SEEK_END)
        file.write(END + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, 3 * 2**30, 0, 0))
    refused(path, "not a readable zip", "a list of members of 3072 MiB")


def test_numbers_beyond_the_file(tmp_path: Path) -> None:
    huge = struct.pack("<I", 2**32 - 2)
    path = tmp_path / "x.zip"
    for record, at, message in (
        (END, 12, "not a readable zip"),
        (END, 16, "download it again"),
        (CENTRAL, 42, "damaged in the zip"),
        (CENTRAL, 24, "4096 MiB; expected a tile of at most 64 MiB"),
    ):
        zipped(path, a=b"content")
        overwrite(path, record, at, huge)
        refused(path, message)


def test_offset_beyond_any_file(tmp_path: Path) -> None:
    """A 64-bit offset that no seek takes."""
    path = zipped(tmp_path / "x.zip", a=b"content")
    extra = struct.pack("<HHQ", 1, 8, 2**64 - 1)
    overwrite(path, CENTRAL, 30, struct.pack("<H", len(extra)))
    overwrite(path, CENTRAL, 42, b"\xff\xff\xff\xff")
    content = path.read_bytes()
    end = content.index(END)
    size = struct.unpack("<I", content[end + 12 : end + 16])[0] + len(extra)
    tail = content[end : end + 12] + struct.pack("<I", size) + content[end + 16 :]
    path.write_bytes(content[:end] + extra + tail)
    refused(path, "images/a.png: damaged in the zip")


def test_name_that_is_not_its_encoding(tmp_path: Path) -> None:
    """The local header says UTF-8, and its name is none."""
    path = zipped(tmp_path / "x.zip", a=b"content")
    overwrite(path, b"PK\x03\x04", 6, struct.pack("<H", 0x800))
    overwrite(path, b"PK\x03\x04", 30, b"\xff")
    refused(path, "images/a.png: damaged in the zip", "utf-8")


@pytest.mark.parametrize("name", ["images/a\nb.png", "images/\x1b[31m.png", "x" * 60_000 + "\r"])
def test_names_that_cannot_be_printed(tmp_path: Path, name: str) -> None:
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, b"x")
    refused(path, repr(name[:200]), "cannot be printed", "rename it")


@pytest.mark.parametrize("name", ["a\nb.png", "\x1b[31m.png", "\udcff.png"])
def test_file_names_that_cannot_be_printed(tmp_path: Path, name: str) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / name).write_bytes(b"x")
    refused(tmp_path, repr(name), "cannot be printed", "rename it")


def make_folder(path: Path) -> None:
    path.mkdir()


def make_broken_link(path: Path) -> None:
    path.symlink_to("nowhere")


def make_circle(path: Path) -> None:
    path.symlink_to(path.name)


def make_device(path: Path) -> None:
    path.symlink_to("/dev/zero")


@pytest.mark.parametrize(
    "make", [make_folder, os.mkfifo, make_broken_link, make_circle, make_device]
)
def test_what_is_no_file_is_named(tmp_path: Path, make: Callable[[Path], None]) -> None:
    (tmp_path / "masks").mkdir()
    make(tmp_path / "masks/x.png")
    refused(tmp_path, "masks/x.png: a folder, a pipe, a device or a broken link; expected a PNG")


def test_link_to_a_picture_is_read(tmp_path: Path) -> None:
    """DVC can put links to its cache into a folder."""
    (tmp_path / "cached").write_bytes(b"x")
    (tmp_path / "images").mkdir()
    (tmp_path / "images/a.png").symlink_to("../cached")
    assert read_all(tmp_path) == {"images/a": b"x"}


def test_file_that_is_longer_than_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files of the system have no size, and some go on for ever."""
    monkeypatch.setattr(archive, "MAX_MEMBER_BYTES", 10)
    (tmp_path / "images").mkdir()
    (tmp_path / "images/a.png").symlink_to("/proc/self/maps")
    assert len(read_all(tmp_path)["images/a"]) == 10


def test_file_that_cannot_be_read(tmp_path: Path) -> None:
    """Even root cannot read the first page of a process."""
    (tmp_path / "images").mkdir()
    (tmp_path / "images/a.png").symlink_to("/proc/self/mem")
    refused(tmp_path, "images/a.png: not readable (Input/output error)", "permissions")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_folder_that_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "images").mkdir(mode=0)
    refused(tmp_path, "images: not readable (Permission denied)", "permissions")


def test_file_in_place_of_the_folder_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "images").write_bytes(b"x")
    (tmp_path / "masks").symlink_to("nowhere")
    assert read_all(tmp_path) == {}
