"""Runs a command that ends when whoever started it has ended, in whatever way.

python -m saltseg.fanout.leash COMMAND ...

A node of a cluster may be taken away in the middle of a training, and nothing of that must run on.
Ray kills what a lost worker has started, and not what that has started in turn: so two processes
hold the leash, and the second one ends the command whatever becomes of the first.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress

POLL = 1.0
"""Seconds between two looks at the parent."""

PATIENCE = 20.0
"""Seconds in which the command may end by itself."""


def main(command: Sequence[str]) -> int:
    """Run it, as a process of this group; returns its exit code."""
    # Workers of Ray block Ctrl-C, a script's background ignores it; what they start inherits that.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    signal.signal(signal.SIGINT, signal.default_int_handler)
    parent, own = os.getppid(), os.getpid()
    holder = os.fork()
    if not holder:
        return _hold(command, own)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while os.getppid() == parent:
        ended, status = os.waitpid(holder, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.1)
    return 1


def _hold(command: Sequence[str], parent: int) -> int:
    """Run it until it ends, or that process does; returns its exit code."""
    process = subprocess.Popen(command)
    # Whoever sends Ctrl-C may be gone before it can see that it was heard: the end is seen to here.
    with suppress(KeyboardInterrupt):
        while process.poll() is None and os.getppid() == parent:
            with suppress(subprocess.TimeoutExpired):
                process.wait(POLL)
    if process.poll() is None:
        _end_group(process)
    return process.returncode


def _end_group(process: "subprocess.Popen[bytes]") -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.killpg(0, signal.SIGINT)
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.1)
    os.killpg(0, signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
