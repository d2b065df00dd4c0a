import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

LEASH = (sys.executable, "-m", "saltseg.fanout.leash")
ENDLESS = "import os, pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); "


def number_in(path: Path) -> int:
    deadline = time.monotonic() + 60
    while not path.exists() or not path.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return int(path.read_text())


def test_the_exit_code_is_that_of_the_command() -> None:
    done = subprocess.run((*LEASH, sys.executable, "-c", "raise SystemExit(7)"), check=False)
    assert done.returncode == 7


@pytest.mark.parametrize("with_its_child", [False, True], ids=["killed", "killed, as Ray does"])
def test_a_command_ends_with_whoever_started_it(tmp_path: Path, with_its_child: bool) -> None:
    told = tmp_path / "number"
    command = [*LEASH, sys.executable, "-c", f"{ENDLESS}time.sleep(600)", str(told)]
    parent = f"import subprocess; subprocess.run({command!r}, start_new_session=True)"
    with subprocess.Popen((sys.executable, "-c", parent)) as process:
        child = psutil.Process(number_in(told))
        group = os.getpgid(child.pid)
        own = psutil.Process(process.pid).children()
        process.send_signal(signal.SIGKILL)
        for direct in own if with_its_child else []:
            direct.kill()
    gone, alive = psutil.wait_procs([child], timeout=30)
    assert gone
    assert not alive
    deadline = time.monotonic() + 30
    while any_of(group) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not any_of(group)


def test_a_command_hears_ctrl_c_though_whoever_started_it_does_not(tmp_path: Path) -> None:
    told = tmp_path / "number"
    command = [*LEASH, sys.executable, "-c", f"{ENDLESS}time.sleep(600)", str(told)]
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        process = subprocess.Popen(command, start_new_session=True, stderr=subprocess.DEVNULL)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    number_in(told)
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(15) == 256 - signal.SIGINT


def any_of(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True
