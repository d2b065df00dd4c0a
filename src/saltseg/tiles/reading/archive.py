"""The PNG files of a zip or a folder, listed and read the same way; nothing is ever extracted."""

import io
import stat
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path, PureWindowsPath

from saltseg.errors import DataError
from saltseg.tiles.reading.nesting import entries, nearest, unreadable

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
        parents: Names of the folders above it in its zip.
    """

    folder: str
    id: str
    where: str
    version: str
    read: Callable[[], bytes]
    parents: Sequence[str] = ()


@contextmanager
def open_members(path: Path, loose: bool = False, within: str = "") -> Iterator[list[Member]]:
    """List the PNG files below `images/` and `masks/` of a zip or a folder.

    Hidden files, `__MACOSX/` and files of other types are passed over. `images/` and `masks/` may
    stand in further folders. Members are readable until the context is left.

    Args:
        path: A zip file, or a folder.
        loose: List PNG files that lie elsewhere in a zip, or right in a folder, too; then a folder
            is not searched any deeper.
        within: Of a zip, list only what lies in a folder of this name.

    Yields:
        The members, in no particular order; two may have the same id.

    Raises:
        DataError: The zip is broken or encrypted, a member is absurdly large or a link, a member's
            name points outside the zip, or folders are at several places.
    """
    if path.is_dir():
        yield _folder_members(path, loose)
        return
    with _opened(path) as archive:
        members = _zip_members(path, archive, loose)
        yield [member for member in members if not within or within in member.parents]


@contextmanager
def _opened(path: Path) -> Iterator[zipfile.ZipFile]:
    if not path.is_file():
        raise DataError(f"{path}: neither a file nor a folder; expected a zip, so replace it")
    with ExitStack() as stack:
        try:
            file = stack.enter_context(_ListedFile(io.FileIO(path)))
            archive = stack.enter_context(zipfile.ZipFile(file))
            file.most = MAX_MEMBER_BYTES
        # zipfile trusts the numbers in a file, and may then raise anything.
        except Exception as error:
            raise DataError(f"{path}: not a readable zip ({error}); download it again") from None
        yield archive


def zipped_names(path: Path) -> list[PureWindowsPath]:
    """Names in a zip, but for those of `__MACOSX/`.

    Raises:
        DataError: The zip is broken.
    """
    with _opened(path) as archive:
        names = map(PureWindowsPath, archive.namelist())
        return [name for name in names if "__MACOSX" not in name.parts]


def read_zipped(path: Path, name: str) -> bytes | None:
    """A file of a zip, from the outermost folder that has one of this name; None where none does.

    Raises:
        DataError: As `open_members`.
    """
    with _opened(path) as archive:
        found = [(PureWindowsPath(info.filename), info) for info in archive.infolist()]
        found = [(own, info) for own, info in found if own.name == name]
        found = [(own, info) for own, info in found if "__MACOSX" not in own.parts]
        if not found:
            return None
        own, info = min(found, key=lambda pair: len(pair[0].parts))
        _check_info(info, own, path)
        return _read_zipped(archive, info, f"{path}: {info.filename}")


class _ListedFile(io.BufferedReader):
    """A zip whose list of members, which zipfile reads in one piece, must not be absurdly long."""

    most = _MAX_LIST_BYTES

    def read(self, size: int | None = -1, /) -> bytes:
        """At most `size` bytes."""
        if size is not None and size > self.most:
            raise OSError(f"a list of members of {size / 2**20:.0f} MiB; unpack it, or ask why")
        return super().read(size)


def _folder_members(path: Path, loose: bool) -> list[Member]:
    if not loose:
        path = nearest(path, lambda one: any((one / name).is_dir() for name in _FOLDERS)) or path
    members = []
    for folder in (*_FOLDERS, *([""] if loose else [])):
        for file in _pngs_in(path, folder):
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


def _pngs_in(path: Path, folder: str) -> list[Path]:
    """PNG files of a folder; or, as some loaders want it, of the folder of the same name in it."""
    found = [file for file in entries(path / folder) if _is_png(file.name)]
    return found or [file for file in entries(path / folder / folder) if _is_png(file.name)]


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
            version = f"{info.CRC:08x}"
            members.append(Member(folder, name.stem, where, version, read, name.parts[:-1]))
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


def version_of(path: Path) -> str:
    """A file's content as far as it shows from outside: size and time of change."""
    status = path.stat()
    return f"{status.st_size} {status.st_mtime_ns}"


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
        raise DataError(unreadable(path, error)) from None


def _read_zipped(archive: zipfile.ZipFile, info: zipfile.ZipInfo, where: str) -> bytes:
    try:
        with archive.open(info) as file:
            # With a limit: `read` alone unpacks all there is, however little was announced.
            return file.read(max(1, info.file_size))
    except Exception as error:  # as where the zip is opened
        raise DataError(f"{where}: damaged in the zip ({error}); download it again") from None
