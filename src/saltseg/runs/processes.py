"""A command with all that it starts: it ends whole, whoever asks for its end."""

import os
import re
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from saltseg.files import write_whole
from saltseg.runs.commands import dvc_environment

ENDING = ((signal.SIGINT, 60.0), (signal.SIGTERM, 10.0), (signal.SIGKILL, 10.0))
"""What a group is sent, and for how many seconds its end is then waited for.

Ctrl-C comes first. DVC waits then for its stage, which closes its run in MLflow, and removes the
copy of the workspace; of SIGTERM both would die, and leave run and copy as they are.
"""


@contextmanager
def process_group(
    command: Sequence[str],
    log: Path,
    noted: Path,
    folder: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a command and what it starts as a group, which is ended with the block.

    Args:
        command: What to run, with this Python first on PATH.
        log: File that takes what is printed.
        noted: File that names the group as long as it runs; who was killed in the block has left
            one, and `end_left` ends that.
        folder: Where to run it; None for the current one.
        environment: All of it; None for this process's.
    """
    end_left(noted)
    with log.open("wb") as printed, _ctrl_c_heard():
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=printed,
            stderr=subprocess.STDOUT,
            cwd=folder,
            env=dvc_environment() if environment is None else environment,
            start_new_session=True,
        )
    try:
        write_whole(noted, f"{process.pid} {psutil.Process(process.pid).create_time()}".encode())
        yield process
    finally:
        try:
            end_group(process.pid)
        finally:
            process.poll()
            noted.unlink(missing_ok=True)


@contextmanager
def _ctrl_c_heard() -> Iterator[None]:
    """Start what hears Ctrl-C, where this process ignores it: in the background of a script, say.

    A program that is started keeps on ignoring what is ignored, and nothing else.
    """
    own = threading.current_thread() is threading.main_thread()
    ignored = own and signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    if ignored:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        if ignored:
            signal.signal(signal.SIGINT, signal.SIG_IGN)


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """Let what ends a process be an interruption, so that what it has started ends with it."""
    before = {
        number: signal.getsignal(number)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        # In the background of a script Ctrl-C is ignored, and so it would be by what is started.
        if number == signal.SIGINT or signal.getsignal(number) != signal.SIG_IGN
    }
    for number in before:
        signal.signal(number, signal.default_int_handler)
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_left(noted: Path) -> None:
    """End the group that a file names, if it is that one still."""
    with suppress(OSError, ValueError, psutil.Error):
        number, began = noted.read_text().split()
        if psutil.Process(int(number)).create_time() == float(began):
            end_group(int(number))


def end_group(group: int) -> None:
    """End all processes of a group, the more harshly the longer it takes, and wait for that.

    Raises:
        KeyboardInterrupt: It came meanwhile; they have ended all the same, sooner.
    """
    impatient = False
    for number, seconds in ENDING:
        if not _members(group):
            break
        with suppress(ProcessLookupError):
            os.killpg(group, number)
        try:
            deadline = time.monotonic() + seconds
            while _members(group) and time.monotonic() < deadline:
                time.sleep(0.05)
        except KeyboardInterrupt:
            impatient = True
    if impatient:
        raise KeyboardInterrupt


def _members(group: int) -> list[psutil.Process]:
    """Processes of a group that have not ended, whether anybody has waited for them or not."""
    found = []
    for process in psutil.process_iter():
        with suppress(ProcessLookupError, psutil.Error):
            if os.getpgid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
    return found


def reason_of(printed: str) -> str:
    """The line that says why the pipeline ended: the last stage's own, else DVC's last one."""
    stages = re.findall(r"^Running stage '(\w+)", printed, re.MULTILINE)
    own = re.findall(rf"^{stages[-1]}: .*", printed, re.MULTILINE) if stages else []
    of_dvc = re.findall(r"^ERROR: (.*)", printed, re.MULTILINE)
    return str([*of_dvc, *own][-1]) if own or of_dvc else "it ended without a word"
