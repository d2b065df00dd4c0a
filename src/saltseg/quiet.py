"""Native libraries that write to the terminal past Python."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_kept: list[int] = []
"""File descriptor 2 as it was, once for each block that hides it now; several threads may."""


@contextmanager
def silent_native_stderr() -> Iterator[None]:
    """Hide what native libraries write to file descriptor 2, which no setting of theirs silences.

    Python errors are raised as ever, and are printed after stderr is back: when the last of the
    threads that hide it is done.
    """
    sys.stderr.flush()
    with _lock:
        if not _kept:
            _hide()
        _kept.append(_kept[0])
    try:
        yield
    finally:
        with _lock:
            _kept.pop()
            if len(_kept) == 1:
                _show()


def _hide() -> None:
    _kept.append(os.dup(2))
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 2)
    os.close(nowhere)


def _show() -> None:
    kept = _kept.pop()
    os.dup2(kept, 2)
    os.close(kept)
