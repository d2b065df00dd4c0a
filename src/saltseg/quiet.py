"""Native libraries that write to the terminal past Python."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def silent_native_stderr() -> Iterator[None]:
    """Hide what native libraries write to file descriptor 2, which no setting of theirs silences.

    Python errors are raised as ever, and are printed after stderr is back.
    """
    sys.stderr.flush()
    kept = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(nowhere)
        os.close(kept)
