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
    parent = os.getppid()
    with subprocess.Popen(command) as process, suppress(KeyboardInterrupt):
        while process.poll() is None:
            if os.getppid() != parent:
                _end_group(process)
            with suppress(subprocess.TimeoutExpired):
                process.wait(POLL)
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
