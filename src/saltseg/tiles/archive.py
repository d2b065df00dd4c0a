"""The PNG files of a zip or a folder, listed and read the same way; nothing is ever extracted."""

import io
import stat
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PureWindowsPath

from saltseg.errors import DataError

MAX_MEMBER_BYTES = 64 * 2**20
# Some 100,000 tiles: it takes seconds to read, and a quarter of a gigabyte.
_MAX_LIST_BYTES = 16 * 2**20
# The others are rare, and zipfile unpacks them without a limit.
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_FOLDERS = ("images", "masks")
_RENAME = "a name with characters that cannot be printed; expected ID.png, so rename it"


@dataclass(frozen=True)
class Member:
    """One PNG file.

    Attributes:
        folder: Name of the folder it stands in, `images` or `masks`; else empty.
        id: File name without `.png`.
        where: Zip or folder and the file in it, for error messages.
        version: Changes when the content does.
        read: Returns the file; raises `DataError` where it is unreadable or absurdly large.
    """

    folder: str
    id: str
    where: str
    version: str
    read: Callable[[], bytes]


@contextmanager
def open_members(path: Path, loose: bool = False) -> Iterator[list[Member]]:
    """List the PNG files below `images/` and `masks/` of a zip or a folder.

    Hidden files, `__MACOSX/` and files of other types are passed over. In a zip, `images/` and
    `masks/` may stand in a further folder. Members are readable until the context is left.

    Args:
        path: A zip file, or a folder.
        loose: List PNG files that lie elsewhere in a zip, or right in a folder, too.

    Yields:
        The members, in no particular order; two may have the same id.

    Raises:
        DataError: The zip is broken or encrypted, a member is absurdly large or a link, or a
            member's name points outside the zip.
    """
    if path.is_dir():
        yield _folder_members(path, loose)
        return
    if not path.is_file():
        raise DataError(f"{path}: neither a file nor a folder; expected a zip, so replace it")
    with ExitStack() as stack:
        try:
            file = stack.enter_context(_ListedFile(io.FileIO(path)))
            archive = stack.enter_context(zipfile.ZipFile(file))
            file.most = MAX_MEMBER_BYTES
        # zipfile believes the numbers in a file: what it then raises has no end.
        except Exception as error:
            raise DataError(f"{path}: not a readable zip ({error}); download it again") from None
        yield _zip_members(path, archive, loose)


class _ListedFile(io.BufferedReader):
    """A zip whose list of members, which zipfile reads in one piece, must not be absurdly long."""

    most = _MAX_LIST_BYTES

    def read(self, size: int | None = -1, /) -> bytes:
        """At most `size` bytes."""
        if size is not None and size > self.most:
            raise OSError(f"a list of members of {size / 2**20:.0f} MiB; unpack it, or ask why")
        return super().read(size)


def _folder_members(path: Path, loose: bool) -> list[Member]:
    members = []
    for folder in (*_FOLDERS, *([""] if loose else [])):
        for file in _files_in(path / folder):
            if not _is_png(file.name):
                continue
            if not file.name.isprintable():
                raise DataError(f"{path}: {folder}/ has {file.name!r}; {_RENAME}")
            if not file.is_file():
                raise DataError(
                    f"{file}: a folder, a pipe, a device or a broken link; expected a PNG file, so"
                    " remove or replace it"
                )
            read = partial(read_file, file)
            members.append(Member(folder, file.stem, str(file), version_of(file), read))
    return members


def _files_in(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise DataError(_unreadable(folder, error)) from None


def _zip_members(path: Path, archive: zipfile.ZipFile, loose: bool) -> list[Member]:
    members = []
    for info in archive.infolist():
        where = f"{path}: {info.filename}"
        # Windows rules are the wider ones: they know both slashes and drive letters.
        name = PureWindowsPath(info.filename)
        _check_info(info, name, path)
        folder = name.parent.name if name.parent.name in _FOLDERS else ""
        if info.is_dir() or "__MACOSX" in name.parts or not (folder or loose):
            continue
        if _is_png(name.name):
            read = partial(_read_zipped, archive, info, where)
            members.append(Member(folder, name.stem, where, f"{info.CRC:08x}", read))
    return members


def _check_info(info: zipfile.ZipInfo, name: PureWindowsPath, path: Path) -> None:
    """Refuse what no honest archive of tiles holds, before a byte of it is read."""
    where = f"{path}: member {info.filename[:200]!r}"
    if not info.filename:
        raise DataError(f"{path}: a member without a name; download the zip again")
    if not info.filename.isprintable():
        raise DataError(f"{where}: {_RENAME}")
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
    if info.compress_type not in _METHODS:
        raise DataError(
            f"{where} is packed by method {info.compress_type}; expected the usual one, so unpack"
            " the zip, or zip the folder again"
        )
    if info.file_size > MAX_MEMBER_BYTES:
        raise DataError(_too_large(where, info.file_size))


def _is_png(name: str) -> bool:
    return name.lower().endswith(".png") and not name.startswith(".")


def _too_large(where: str, size: int) -> str:
    return (
        f"{where} holds {size / 2**20:.0f} MiB; expected a tile of at most"
        f" {MAX_MEMBER_BYTES // 2**20} MiB, so remove or replace it"
    )


def _unreadable(path: Path, error: OSError) -> str:
    return f"{path}: not readable ({error.strerror}); check it and its permissions"


def version_of(path: Path) -> str:
    """A file's content as far as it shows from outside: size and time of change."""
    told = path.stat()
    return f"{told.st_size} {told.st_mtime_ns}"


def read_file(path: Path) -> bytes:
    """Content of one picture file.

    Raises:
        DataError: It is unreadable or absurdly large.
    """
    try:
        size = path.stat().st_size
        if size > MAX_MEMBER_BYTES:
            raise DataError(_too_large(str(path), size))
        with path.open("rb") as file:
            return file.read(MAX_MEMBER_BYTES)
    except OSError as error:
        raise DataError(_unreadable(path, error)) from None


def _read_zipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: str) -> bytes:
    try:
        with archive.open(info) as file:
            # With a limit: `read` alone unpacks all there is, however little was announced.
            return file.read(max(1, info.file_size))
    except Exception as error:  # as where the zip is opened
        raise DataError(f"{where}: damaged in the zip ({error}); download it again") from None
