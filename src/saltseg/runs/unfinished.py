"""Trainings that have begun and not ended: who has one, and which one a new training goes on from.

Each has a folder below `.saltseg/training`, named by the key of all that decides its numbers, so
that neither edited code nor another parameter can take up a state that is not its own. DVC deletes
the outputs of a stage before it runs it, so this lies outside of them.
"""

import os
import shutil
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout
from pydantic import BaseModel, ValidationError

from saltseg.errors import SaltsegError
from saltseg.files import write_whole
from saltseg.root import state_folder
from saltseg.runs.commands import Launch
from saltseg.training.states import State, read_state

MOMENT = 1.0
"""Seconds within which whoever does not train lets go of a lock."""

Identity = Mapping[str, Any]
"""All that decides the numbers of a training, by name: digests of files, parameters, versions."""


class About(BaseModel):
    """What is noted beside the states of a training.

    Attributes:
        title: What people call it, for instance `resnet50 fold 0`.
        identity: What decides its numbers.
        owner: The last process that had it, where and since when.
        launch: How that was started.
    """

    title: str
    identity: dict[str, Any]
    owner: str
    launch: Launch = Launch()


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

    @property
    def about(self) -> About:
        """What is noted of it."""
        try:
            return About.model_validate_json((self.folder / "about.json").read_bytes())
        except (OSError, ValidationError):
            return About(title=self.key, identity={}, owner="a process unknown")

    @property
    def state(self) -> State:
        """After the last epoch that was finished; of no epoch where none was."""
        try:
            return read_state(self.folder / "state.json")
        except (OSError, ValueError):
            return State()

    @property
    def epochs(self) -> int:
        """Epochs finished."""
        return self.state.epoch

    @property
    def owned(self) -> bool:
        """Whether a process trains it now."""
        return _held(self.lock())

    @property
    def awaited(self) -> bool:
        """Whether another process waits for it."""
        return _held(self.next_lock())

    def lock(self) -> FileLock:
        """Held by the process that trains; the system drops it with that, however it ends."""
        return FileLock(_place() / f"{self.key}.lock")

    def next_lock(self) -> FileLock:
        """Held by the process that waits for `lock`."""
        return FileLock(_place() / f"{self.key}.next.lock")

    def drop(self) -> None:
        """Forget its states; only for who holds `lock`."""
        shutil.rmtree(self.folder, ignore_errors=True)

    def clear(self) -> bool:
        """Forget its states, unless a process trains it; one that begins meanwhile waits.

        Returns:
            Whether they are forgotten.
        """
        try:
            with self.lock().acquire(timeout=0):
                self.drop()
        except Timeout:
            return False
        return True


def unfinished() -> list[Unfinished]:
    """All trainings that have begun here and not ended, the newest first."""
    begun = {}
    for path in _place().glob("*/about.json"):
        with suppress(FileNotFoundError):  # it ends just now
            begun[path.parent.name] = path.stat().st_mtime
    return [Unfinished(key) for key in sorted(begun, key=begun.__getitem__, reverse=True)]


@contextmanager
def owned(key: str, title: str, identity: Identity) -> Iterator[Path]:
    """Hold the lock of a training; its state is deleted when the block ends well.

    Where another process holds it, this says so and waits: what that one leaves is taken up.

    Args:
        key: Digest of `identity`.
        title: What people call it, for instance `resnet50 fold 0`.
        identity: What decides its numbers; where states of the same title and another identity
            are found, what differs is said.

    Yields:
        The folder for its states.
    """
    own = Unfinished(key)
    with _alone(own, title):
        _tell_what_differs(own, title, identity)
        since = datetime.now().isoformat(" ", "seconds")
        owner = f"process {os.getpid()} on {socket.gethostname()}, since {since}"
        launch = Launch.current()
        about = About(title=title, identity=dict(identity), owner=owner, launch=launch)
        write_whole(own.folder / "about.json", about.model_dump_json().encode())
        try:
            yield own.folder
        except SaltsegError:  # would come again
            raise
        except BaseException:
            if own.epochs:
                command = launch.command()
                print(f"{title}: stopped after epoch {own.epochs}; `{command}` goes on from there")
            raise
        # Whoever waits finds it finished, instead of beginning it anew.
        if not own.awaited:
            own.drop()


@contextmanager
def _alone(own: Unfinished, title: str) -> Iterator[None]:
    lock = own.lock()
    try:
        # Who only asks whether it is held, or clears, holds it for a moment.
        lock.acquire(timeout=MOMENT)
    except Timeout:
        print(f"{title}: being trained by {own.about.owner}; waiting for its end", flush=True)
        with own.next_lock():
            lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _held(lock: FileLock) -> bool:
    try:
        with lock.acquire(timeout=0):
            return False
    except Timeout:
        return True


def _tell_what_differs(own: Unfinished, title: str, identity: Identity) -> None:
    """Say why the newest training of the same title, stopped half way, is not gone on with."""
    if own.epochs:
        return
    for other in unfinished():
        if other.about.title == title and other.epochs and not other.owned:
            before = other.about.identity
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
