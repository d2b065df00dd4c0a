"""Runs a command that ends when whoever started it has ended, in whatever way.

python -m saltseg.fanout.leash COMMAND ...

A node of a cluster may be taken away in the middle of a training, and nothing of that must run on.
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
    # Workers of Ray block Ctrl-C, and what they start inherits that.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    parent, process = os.getppid(), subprocess.Popen(command)
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
