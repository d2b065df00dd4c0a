"""One fold on one node of a cluster: a clone, DVC, the training, and back to the team's remote."""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from dvc.repo import Repo

from saltseg.errors import TrainingError
from saltseg.machine import cpu_instructions, cpu_model
from saltseg.runs.commands import dvc_command, dvc_environment
from saltseg.runs.processes import process_group, reason_of
from saltseg.training.states import State, read_state

FOLDER = "SALTSEG_NODE"
"""Variable that names a node's folder of clones and cache; without it, one of temporary files."""

PACKAGES = ("dvc", "keras", "numpy", "opencv-python-headless", "pandas", "saltseg", "scikit-learn")
"""Those that decide numbers, and `saltseg`; the engine of Keras comes besides."""

POLL = 1.0
STATES = "saltseg-states"
"""Folder of the remote in which unfinished trainings wait for another node."""


@dataclass(frozen=True)
class Order:
    """What a node is to do.

    Attributes:
        name: Of the fold.
        stage: What DVC calls it.
        commit: To be checked out.
        folder: Of the project in the repository; "." for the top.
        versions: Of the packages at home.
        environment: Variables to set, such as where MLflow is.
        room: Bytes that the disk must have left.
        keep: Seconds between two saves of the state at the remote; 0 for none.
    """

    name: str
    stage: str
    commit: str
    folder: str
    versions: Mapping[str, str]
    environment: Mapping[str, str] = field(default_factory=dict)
    room: int = 0
    keep: float = 0.0

    @property
    def place(self) -> str:
        """Name of its clone and of its states: the same in a later attempt, on any node."""
        return f"{self.name}-{self.commit[:12]}"


@dataclass(frozen=True)
class Done:
    """How it ended.

    Attributes:
        node: Where.
        why: Why it has failed; empty where it has not.
        log: The end of what it printed.
        machine: Its CPU, and what that can do.
    """

    node: str
    why: str
    log: str
    machine: str


Tell = Callable[[str, int, State], None]
"""Takes the node, the count of epochs and the state after the last finished one."""


def own_versions(engine: str) -> dict[str, str]:
    """Versions of the packages here that decide numbers; "none" of one that is missing."""
    return {name: _version(name) for name in (*PACKAGES, engine)}


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "none"


def own_machine() -> str:
    """The CPU here, and what it can do."""
    return f"{cpu_model()} ({', '.join(cpu_instructions() or ['unknown'])})"


def train_there(order: Order, bundle: bytes, node: str, epochs: int, tell: Tell) -> Done:
    """Train a fold in a clone of its own, and push it.

    Args:
        order: Which.
        bundle: Of git, with the commit.
        node: Name of this one.
        epochs: It trains for.
        tell: Told after each epoch, and at once.

    Returns:
        How it ended; what the user can correct is in there.
    """
    place = Path(os.environ.get(FOLDER) or f"{tempfile.gettempdir()}/saltseg-{os.getuid()}")
    log = place / f"{order.place}.log"
    why = ""
    try:
        place.mkdir(parents=True, exist_ok=True)
        _check(order, place)
        clone = _clone(order, bundle, place)
        tell(node, epochs, State())
        with _states_at_remote(order, clone) as save:

            def look() -> None:
                for path in clone.glob(".saltseg/training/*/state.json"):
                    with suppress(OSError, ValueError):  # it ends while this looks
                        tell(node, epochs, read_state(path))
                save()

            _run(
                dvc_command("repro", "--pull", "--single-item", order.stage),
                order,
                clone,
                log,
                look,
            )
            _run(dvc_command("push", "--run-cache", order.stage), order, clone, log, save)
        shutil.rmtree(place / order.place, ignore_errors=True)
    except (OSError, TrainingError) as error:
        why = f"{node}: {' '.join(str(error).split())}"
    printed = log.read_text(errors="replace") if log.exists() else ""
    return Done(node, why, printed[-4000:], own_machine())


def _check(order: Order, place: Path) -> None:
    """Make sure that this node gives what home would give.

    Raises:
        TrainingError: Other versions of packages, or no room.
    """
    here = own_versions(next(name for name in order.versions if name not in PACKAGES))
    other = [
        f"{name} {here[name]} (home: {wanted})"
        for name, wanted in order.versions.items()
        if here[name] != wanted
    ]
    if other:
        raise TrainingError(f"has other packages, {', '.join(other)}; install those of home")
    free = shutil.disk_usage(place).free
    if free < order.room:
        raise TrainingError(
            f"has {free >> 20} MiB free in {place}, {order.room >> 20} are needed; make room, or"
            f" name another folder in {FOLDER}"
        )


def _clone(order: Order, bundle: bytes, place: Path) -> Path:
    """The project in a clone; states of an earlier attempt in it stay."""
    top = place / order.place
    top.mkdir(exist_ok=True)
    file = place / f"{order.place}.bundle"
    file.write_bytes(bundle)
    for words in (
        ("init", "--quiet"),
        ("fetch", "--quiet", str(file), "+refs/saltseg/*:refs/saltseg/*"),
        ("checkout", "--quiet", "--force", "--detach", order.commit),
    ):
        done = subprocess.run(("git", *words), cwd=top, capture_output=True, text=True, check=False)
        if done.returncode:
            raise TrainingError(f"git {words[0]}: {done.stderr}")
    file.unlink()
    project = top / order.folder
    with Repo(str(project)) as repo, repo.config.edit("local", validate=False) as config:
        config.setdefault("cache", {})["dir"] = str(place.resolve() / "cache")
    return project


def _run(
    command: list[str], order: Order, clone: Path, log: Path, look: Callable[[], None]
) -> None:
    """Run a command of DVC to its end, and look every second.

    Raises:
        TrainingError: It has failed.
    """
    leashed = [sys.executable, "-m", "saltseg.fanout.leash", *command]
    around = dvc_environment() | dict(order.environment)
    noted = log.with_suffix(".process")
    with process_group(leashed, log, noted, folder=clone, environment=around) as process:
        while process.poll() is None:
            look()
            time.sleep(POLL)
    if process.returncode:
        raise TrainingError(reason_of(log.read_text(errors="replace")))


@contextmanager
def _states_at_remote(order: Order, clone: Path) -> Iterator[Callable[[], None]]:
    """Take up what another node has left at the remote, and leave there what this one trains."""
    if not order.keep:
        yield lambda: None
        return
    with Repo(str(clone)) as repo:
        remote = repo.cloud.get_remote(command="fan-out")
    files, folder = remote.fs, clone / ".saltseg/training"
    there = files.join(remote.path, STATES, f"{order.place}.tar")
    last = time.monotonic()
    # The training itself needs none of this: what goes wrong here costs epochs, not the fold.
    if not list(folder.glob("*/state.json")):
        with suppress(Exception), tempfile.TemporaryDirectory() as own:
            files.get_file(there, f"{own}/state.tar")
            with tarfile.open(f"{own}/state.tar") as tar:
                tar.extractall(folder, filter="data")

    def save() -> None:
        nonlocal last
        if time.monotonic() - last < order.keep or not list(folder.glob("*/state.json")):
            return
        last = time.monotonic()
        # A file that is replaced while it is packed would tear the state: then the next one counts.
        with suppress(Exception), tempfile.TemporaryDirectory() as own:
            with tarfile.open(f"{own}/state.tar", "w") as tar:
                for path in sorted(folder.glob("*/*")):
                    tar.add(path, path.relative_to(folder))
            files.put_file(f"{own}/state.tar", there)

    yield save
    with suppress(Exception):
        files.remove(there)
