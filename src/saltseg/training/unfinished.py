"""Trainings that have begun and not ended: who has one, and which one a new training goes on from.

Each has a folder below `.saltseg/training`, named by the key of all that decides its numbers, so
that neither edited code nor another parameter can take up a state that is not its own. DVC deletes
the outputs of a stage before it runs it, so this lies outside of them.
"""

import json
import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
from filelock import FileLock, Timeout

from saltseg.files import write_whole
from saltseg.root import state_folder

Identity = Mapping[str, Any]
"""All that decides the numbers of a training, by name: digests of files, parameters, versions."""


@dataclass(frozen=True)
class Unfinished:
    """A training that has begun.

    Attributes:
        key: Digest of its identity.
    """

    key: str

    @property
    def folder(self) -> Path:
        """Where its states are."""
        return _place() / self.key

    @cached_property
    def about(self) -> dict[str, Any]:
        """`title` and `identity`, and of the last process that had it `pid`, `host`, `since`."""
        try:
            found: dict[str, Any] = json.loads((self.folder / "about.json").read_bytes())
        except (OSError, ValueError):
            return {"title": self.key, "identity": {}}
        return found

    @property
    def epochs(self) -> int:
        """Epochs finished."""
        with suppress(OSError, ValueError, KeyError, TypeError):
            return int(json.loads((self.folder / "state.json").read_bytes())["epoch"])
        return 0

    @property
    def owner(self) -> str | None:
        """Who trains it now, in words; None where nobody does."""
        try:
            with self.lock(timeout=0):
                return None
        except Timeout:
            about = self.about
            who = f"process {about.get('pid', '?')} on {about.get('host', '?')}"
            return f"{who}, since {about.get('since', '?')}"

    @property
    def awaited(self) -> bool:
        """Whether a process waits for it."""
        waiting = (path.suffix.removeprefix(".") for path in _place().glob(f"{self.key}.waiting.*"))
        return any(psutil.pid_exists(int(pid)) for pid in waiting)

    def lock(self, timeout: float = -1) -> FileLock:
        """Its lock, which the system drops with the process however it ends."""
        return FileLock(_place() / f"{self.key}.lock", timeout=timeout)

    def drop(self) -> None:
        """Forget its states."""
        shutil.rmtree(self.folder, ignore_errors=True)


def unfinished() -> list[Unfinished]:
    """All trainings that have begun here and not ended, the newest first."""
    folders = [path for path in _place().iterdir() if (path / "about.json").exists()]
    folders.sort(key=lambda path: (path / "about.json").stat().st_mtime, reverse=True)
    return [Unfinished(path.name) for path in folders]


@contextmanager
def owned(key: str, title: str, identity: Identity) -> Iterator[Path]:
    """Have a training for oneself; it is forgotten when the block ends well.

    Where another process has it, its name is told and its end awaited: what it leaves is taken up.

    Args:
        key: Digest of `identity`.
        title: What people call it, for instance `resnet50 fold 0`.
        identity: What decides its numbers; where states of the same title and another identity
            are found, it is told what differs.

    Yields:
        The folder for its states.
    """
    own = Unfinished(key)
    with _alone(own, title):
        since = datetime.now().isoformat(" ", "seconds")
        owner = {"pid": os.getpid(), "host": socket.gethostname(), "since": since}
        _tell_what_differs(own, title, identity)
        about = {"title": title, "identity": identity, **owner}
        write_whole(own.folder / "about.json", json.dumps(about).encode())
        try:
            yield own.folder
        except BaseException:
            if own.epochs:
                print(f"{title}: stopped after epoch {own.epochs}; `dvc repro` goes on from there")
            raise
        # Whoever waits finds it finished, instead of beginning it anew.
        if not own.awaited:
            own.drop()


@contextmanager
def _alone(own: Unfinished, title: str) -> Iterator[None]:
    lock = own.lock()
    try:
        lock.acquire(timeout=0)
    except Timeout:
        print(f"{title}: being trained by {own.owner}; waiting for its end", flush=True)
        marker = _place() / f"{own.key}.waiting.{os.getpid()}"
        marker.touch()
        try:
            lock.acquire()
        finally:
            marker.unlink()
    try:
        yield
    finally:
        lock.release()


def _tell_what_differs(own: Unfinished, title: str, identity: Identity) -> None:
    """Say why the newest training of the same title, stopped half way, is not gone on with."""
    if own.epochs:
        return
    for other in unfinished():
        if other.about["title"] == title and other.epochs and not other.owner:
            before = other.about["identity"]
            names = before.keys() | identity.keys()
            differing = sorted(name for name in names if before.get(name) != identity.get(name))
            print(
                f"{title}: begins anew; the training stopped after epoch {other.epochs} had other "
                f"{', '.join(differing)} (`saltseg unfinished` lists and clears such)",
                flush=True,
            )
            return


def _place() -> Path:
    return state_folder("training")
