"""The one error family: whatever the user can mend is raised as a `SaltsegError`."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class SaltsegError(Exception):
    """A mistake the user can mend; its text is one line: what, where, what to do."""


class ParameterError(SaltsegError):
    """A parameter file holds an unknown key or a value out of range."""


class DataError(SaltsegError):
    """The survey, or a file made from it, cannot be used as it is."""


class WeightsError(SaltsegError):
    """Initial or trained weights are missing or belong to another network."""


class TrainingError(SaltsegError):
    """Training cannot go on, for instance because the loss is not finite."""


class TrackingError(SaltsegError):
    """The MLflow store cannot be opened."""


@contextmanager
def one_line_errors(name: str) -> Iterator[None]:
    """Turn a `SaltsegError` into one line on stderr and exit code 1.

    Args:
        name: The command as the user knows it, printed in front of the message.

    Raises:
        SystemExit: With code 1, in place of a `SaltsegError`.
    """
    try:
        yield
    except SaltsegError as error:
        print(f"{name}: {error}", file=sys.stderr)
        raise SystemExit(1) from None
