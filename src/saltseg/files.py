"""Outputs appear whole or not at all: written beside their place, then moved there.

What a killed process leaves is called `.NAME.partial`; git and DVC ignore it, and the next one that
writes NAME writes over it.
"""

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path


def _partial(path: Path) -> Path:
    """Where `path` is written first: on the same disk, since only there a move is one step."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.with_name(f".{path.name}.partial")


@contextmanager
def staged_folder(folder: Path) -> Iterator[Path]:
    """Collect the files of an output folder; they come into place once all are written.

    Args:
        folder: Where they belong. Where it exists, files of the same name are replaced and others
            stay.

    Yields:
        An empty folder on the same disk; it is removed if the block fails.
    """
    # Inside of a folder that exists: it may be a disk of its own.
    staging = _partial(folder / folder.name if folder.exists() else folder)
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    try:
        with _named(folder):
            yield staging
        if staging.parent != folder:
            staging.replace(folder)
            return
        for path in staging.iterdir():
            target = folder / path.name
            if target.is_dir():
                shutil.rmtree(target)
            path.replace(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)


@contextmanager
def staged_file(path: Path, durable: bool = True) -> Iterator[Path]:
    """Write a file so that no half of it is ever seen, not even after the power went.

    Args:
        path: Where it belongs; its folder is created where missing.
        durable: Wait until the disk has it. Without, a kill leaves no half either, and a power
            failure may: enough for thousands of small files.

    Yields:
        The path to write to, on the same disk; removed if the block fails.
    """
    staging = _partial(path)
    try:
        with _named(path):
            yield staging
        if durable:
            with staging.open("rb") as written:
                os.fsync(written.fileno())
        staging.replace(path)
    finally:
        staging.unlink(missing_ok=True)


@contextmanager
def _named(path: Path) -> Iterator[None]:
    """Say which output it was where the system refuses to write without naming a file."""
    try:
        yield
    except OSError as error:
        error.filename = error.filename or str(path)
        raise


def require_space(folder: Path, needed: int) -> None:
    """Make sure of room for what would fail badly in the middle.

    Args:
        folder: Where it is to be written.
        needed: Bytes.

    Raises:
        OSError: There is less.
    """
    if shutil.disk_usage(folder).free < needed:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))


def write_whole(path: Path, content: bytes, durable: bool = True) -> None:
    """Write a file in one piece; see `staged_file`.

    Args:
        path: Where the file belongs; its folder is created where missing.
        content: What is to stand in it.
        durable: As there.
    """
    with staged_file(path, durable) as staging:
        staging.write_bytes(content)


def digest_of(paths: Sequence[Path], text: str = "") -> str:
    """One digest of several files and a text."""
    found = hashlib.sha256(text.encode())
    for path in paths:
        with path.open("rb") as file:
            found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()[:32]
