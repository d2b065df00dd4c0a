"""A limit on time for tests in which a mistake would be waited for for ever."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class HangError(BaseException):
    """Nothing that reads a file may catch it."""


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """Interrupt what takes longer."""

    def hang(_: int, __: FrameType | None) -> None:
        raise HangError(f"still running after {seconds} s")

    before = signal.signal(signal.SIGALRM, hang)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
