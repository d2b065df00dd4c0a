"""Groups of real processes that end with whoever started them."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from saltseg.runs import processes
from saltseg.runs.processes import end_left, process_group

# Two processes; both tell of Ctrl-C, or do not heed it.
SCRIPT = """
import os, signal, sys, time

if sys.argv[1] == "deaf":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
os.fork()
try:
    print(os.getpid(), flush=True)
    time.sleep(60)
except KeyboardInterrupt:
    print("ended by Ctrl-C", flush=True)
"""


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "printed.log"


def family(log: Path) -> list[int]:
    """Both processes, once they run."""
    deadline = time.monotonic() + 20
    while len(found := log.read_text().split()) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return [int(number) for number in found[:2]]


def alive(numbers: list[int]) -> list[int]:
    return [
        number
        for number in numbers
        if psutil.pid_exists(number) and psutil.Process(number).status() != psutil.STATUS_ZOMBIE
    ]


@pytest.mark.parametrize("ignored", [False, True])
def test_a_group_ends_with_the_block_as_by_ctrl_c(
    log: Path, tmp_path: Path, ignored: bool, request: pytest.FixtureRequest
) -> None:
    """Also where this process, as in the background of a script, ignores it itself."""
    how = signal.SIG_IGN if ignored else signal.default_int_handler
    before = signal.signal(signal.SIGINT, how)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    noted = tmp_path / "group"
    with process_group((sys.executable, "-c", SCRIPT, ""), log, noted):
        both = family(log)
        assert noted.exists()
    assert alive(both) == []
    assert log.read_text().count("ended by Ctrl-C") == 2
    assert not noted.exists()


def test_what_does_not_heed_ctrl_c_is_killed(
    log: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon = [(number, min(seconds, 0.2)) for number, seconds in processes.ENDING[:-1]]
    monkeypatch.setattr(processes, "ENDING", (*soon, processes.ENDING[-1]))
    with process_group((sys.executable, "-c", SCRIPT, "deaf"), log, tmp_path / "group"):
        both = family(log)
    assert alive(both) == []


def test_what_a_killed_process_left_running_is_ended(log: Path, tmp_path: Path) -> None:
    noted = tmp_path / "group"
    whole = (
        "import sys; from pathlib import Path; from saltseg.runs.processes import process_group\n"
        f"with process_group((sys.executable, '-c', {SCRIPT!r}, ''), Path({str(log)!r}),"
        f" Path({str(noted)!r})) as process: process.wait()"
    )
    parent = subprocess.Popen((sys.executable, "-c", whole))
    deadline = time.monotonic() + 60
    while not (noted.exists() and log.exists()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    both = family(log)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert alive(both) == both
    end_left(noted)
    assert alive(both) == []


def test_a_number_that_another_process_has_now_is_left_alone(tmp_path: Path) -> None:
    other = subprocess.Popen((sys.executable, "-c", "input()"), stdin=subprocess.PIPE)
    try:
        for content in (f"{other.pid} 12.5", "", "text", "999999999 1.0"):
            (tmp_path / "group").write_text(content)
            end_left(tmp_path / "group")
        end_left(tmp_path / "missing")
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()
