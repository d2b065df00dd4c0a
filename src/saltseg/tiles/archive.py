"""The PNG files of a zip or a folder, listed and read the same way; nothing is ever extracted."""

import lzma
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PureWindowsPath

from saltseg.errors import DataError

MAX_MEMBER_BYTES = 64 * 2**20

# What zipfile lets through from its decompressors; RuntimeError: one that is not built in.
_BROKEN_MEMBER = (
    OSError,
    EOFError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
)


@dataclass(frozen=True)
class Member:
    """One PNG file below `images/` or `masks/`.

    Attributes:
        folder: Name of the folder it stands in, `images` or `masks`.
        id: File name without `.png`.
        where: Zip or folder and the file in it, for error messages.
        read: Returns the file; raises `DataError` where it is unreadable or absurdly large.
    """

    folder: str
    id: str
    where: str
    read: Callable[[], bytes]


@contextmanager
def open_members(path: Path) -> Iterator[list[Member]]:
    """List the PNG files below `images/` and `masks/` of a zip or a folder.

    Hidden files, `__MACOSX/` and files of other types are passed over. In a zip, `images/` and
    `masks/` may stand in a further folder. Members are readable until the context is left.

    Args:
        path: A zip file, or a folder.

    Yields:
        The members, in no particular order; two may have the same id.

    Raises:
        DataError: The zip is broken or encrypted, a member is absurdly large or a link, or a
            member's name points outside the zip.
    """
    if path.is_dir():
        yield _folder_members(path)
        return
    if not path.is_file():
        raise DataError(f"{path}: neither a file nor a folder; expected a zip, so replace it")
    try:
        archive = zipfile.ZipFile(path)
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as error:
        raise DataError(f"{path}: not a readable zip ({error}); download it again") from None
    with archive:
        yield _zip_members(path, archive)


def _folder_members(path: Path) -> list[Member]:
    members = []
    for folder in ("images", "masks"):
        for file in (path / folder).glob("*"):
            if _is_tile(folder, file.name) and file.is_file():
                read = partial(_read_file, file)
                members.append(Member(folder, file.stem, str(file), read))
    return members


def _zip_members(path: Path, archive: zipfile.ZipFile) -> list[Member]:
    members = []
    for info in archive.infolist():
        where = f"{path}: {info.filename}"
        # Windows rules are the wider ones: they know both slashes and drive letters.
        name = PureWindowsPath(info.filename)
        _check_info(info, name, path)
        if info.is_dir() or "__MACOSX" in name.parts or not _is_tile(name.parent.name, name.name):
            continue
        read = partial(_read_zipped, archive, info, where)
        members.append(Member(name.parent.name, name.stem, where, read))
    return members


def _check_info(info: zipfile.ZipInfo, name: PureWindowsPath, path: Path) -> None:
    """Refuse what no honest archive of tiles holds, before a byte of it is read."""
    where = f"{path}: member {info.filename!r}"
    if not info.filename:
        raise DataError(f"{path}: a member without a name; download the zip again")
    if name.anchor or ".." in name.parts:
        raise DataError(
            f"{where} points outside the zip; expected names like images/ID.png, so do not trust"
            " this file and download it again"
        )
    if stat.S_ISLNK(info.external_attr >> 16):
        raise DataError(
            f"{where} is a symbolic link; expected a picture, so do not trust this file and"
            " download it again"
        )
    if info.flag_bits & 0x1:
        raise DataError(f"{where} is encrypted; expected a zip without password, so unpack it")
    if info.file_size > MAX_MEMBER_BYTES:
        raise DataError(_too_large(where, info.file_size))


def _is_tile(folder: str, name: str) -> bool:
    is_png = name.lower().endswith(".png") and not name.startswith(".")
    return is_png and folder in ("images", "masks")


def _too_large(where: str, size: int) -> str:
    return (
        f"{where} holds {size / 2**20:.0f} MiB; expected a tile of at most"
        f" {MAX_MEMBER_BYTES // 2**20} MiB, so remove or replace it"
    )


def _read_file(file: Path) -> bytes:
    try:
        size = file.stat().st_size
        if size > MAX_MEMBER_BYTES:
            raise DataError(_too_large(str(file), size))
        return file.read_bytes()
    except OSError as error:
        raise DataError(
            f"{file}: not readable ({error.strerror}); check the file and its permissions"
        ) from None


def _read_zipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: str) -> bytes:
    try:
        with archive.open(info) as file:
            # With a limit: `read` alone unpacks all there is, however little was announced.
            return file.read(max(1, info.file_size))
    except _BROKEN_MEMBER as error:
        raise DataError(f"{where}: damaged in the zip ({error}); download it again") from None
