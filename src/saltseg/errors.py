"""The one error family: whatever the user can correct is raised as a `SaltsegError`."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


class SaltsegError(Exception):
    """A mistake that the user can correct; its text is one line: what, where, what to do."""


class ParameterError(SaltsegError):
    """A parameter file holds an unknown key or a value out of range."""


class DataError(SaltsegError):
    """The survey, or a file made from it, cannot be used as it is."""


class WeightsError(SaltsegError):
    """Initial or trained weights are missing or belong to another network."""


class TrainingError(SaltsegError):
    """Training cannot go on, for instance because the loss is not finite."""


class EngineError(SaltsegError):
    """Keras or its engine cannot be used as it is set up."""


class TrackingError(SaltsegError):
    """The MLflow store does not work."""


@contextmanager
def one_line_errors(name: str) -> Iterator[None]:
    """Turn what the user can correct into one line on stderr.

    Args:
        name: The command as the user knows it, printed in front of the message.

    Raises:
        SystemExit: With code 1 in place of a `SaltsegError`, an `OSError` (disk full, no
            permission), a `MemoryError` or a user without name, with 130 in place of Ctrl-C.
    """
    try:
        yield
    except SaltsegError as error:
        print(f"{name}: {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except BrokenPipeError:  # whoever read what this prints, such as `head`, has enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(1) from None
    except OSError as error:
        print(f"{name}: {_refused(error)}", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyError as error:
        # So says Python, up to 3.12, of a container's user id that has no name; DVC asks for one.
        if "getpwuid" not in str(error):
            raise
        print(f"{name}: {error.args[0]}; set USER to any name", file=sys.stderr)
        raise SystemExit(1) from None
    except MemoryError as error:
        reason = " ".join(str(error).split()) or "no more memory"
        print(f"{name}: {reason}; close other programs, or ask for less", file=sys.stderr)
        raise SystemExit(1) from None
    except KeyboardInterrupt:
        print(f"{name}: interrupted", file=sys.stderr)
        raise SystemExit(130) from None


def _refused(error: OSError) -> str:
    """What the system refused, in one line."""
    where = f" ({error.filename})" if error.filename else ""
    # NumPy reports a full disk without an error number, as "N requested and M written".
    if error.errno in (errno.ENOSPC, errno.EDQUOT) or "requested and" in str(error):
        return (
            f"no space left on the disk{where}; make room and run the same again: earlier outputs "
            "and finished epochs are kept"
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return f"not allowed: {error.strerror}{where}; mend its permissions and run the same again"
    if error.errno in (errno.EEXIST, errno.ENOTDIR):
        return f"{error.filename}: a file where a folder is expected; name another place"
    return f"{' '.join(str(error).split())}; the system refused this file operation"
