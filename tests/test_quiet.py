"""What native libraries print: hidden, and only as long as asked for."""

import os
from threading import Barrier, Thread

import pytest

from saltseg.quiet import silent_native_stderr


def test_native_messages_are_hidden_and_errors_are_not(capfd: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        with silent_native_stderr():
            os.write(2, b"hidden")
            raise ValueError("ours")

    with pytest.raises(ValueError, match="ours"):
        fail()
    os.write(2, b"shown")
    assert capfd.readouterr().err == "shown"


def test_threads_that_overlap_leave_stderr_as_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    entered, left = Barrier(2), Barrier(2)

    def first() -> None:
        with silent_native_stderr():
            entered.wait()
            left.wait()  # the other one ends before

    thread = Thread(target=first)
    thread.start()
    with silent_native_stderr():
        entered.wait()
    os.write(2, b"hidden: one is still in")
    left.wait()
    thread.join()
    os.write(2, b"shown")
    assert capfd.readouterr().err == "shown"
