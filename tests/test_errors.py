"""What the user can mend is one line; what they cannot keeps its traceback."""

import errno
import pwd
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from saltseg.errors import DataError, ParameterError, SaltsegError, one_line_errors


@pytest.mark.parametrize("kind", [SaltsegError, ParameterError, DataError])
def test_user_mistake_ends_with_one_line_and_code_1(
    kind: type[SaltsegError], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught, one_line_errors("split"):
        raise kind("data/folds.csv: missing")
    assert caught.value.code == 1
    assert capsys.readouterr() == ("", "split: data/folds.csv: missing\n")


def test_error_of_the_program_keeps_its_traceback() -> None:
    with pytest.raises(ZeroDivisionError), one_line_errors("split"):
        _ = 1 / 0
    with pytest.raises(KeyError), one_line_errors("split"):
        _ = {}["fold"]


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (OSError(errno.ENOSPC, "No space", "data/x"), "no space left on the disk (data/x); make"),
        (OSError("9 requested and 4 written"), "no space left on the disk; make room"),
        (OSError(errno.EROFS, "Read-only", "data/x"), "not allowed: Read-only (data/x); mend"),
        (OSError(errno.EIO, "Input/output error", "data/x"), "Input/output error: 'data/x'; the"),
    ],
    ids=["full", "full, by NumPy", "read-only", "broken"],
)
def test_what_the_system_refuses_is_one_line(
    error: OSError, expected: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught, one_line_errors("split"):
        raise error
    assert caught.value.code == 1
    printed = capsys.readouterr().err
    assert printed.startswith("split: ")
    assert expected in printed
    assert printed.count("\n") == 1


def test_a_reader_who_has_enough_is_no_error() -> None:
    prints = "from saltseg.errors import one_line_errors\nwith one_line_errors('scores'):\n"
    endless = prints + "    while True: print('resnet50')"
    done = subprocess.run(
        ["bash", "-c", 'set -o pipefail; "$1" -c "$2" | head -1', "-", sys.executable, endless],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.stderr, done.returncode) == ("resnet50\n", "", 1)


def test_missing_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), one_line_errors("split"):
        (tmp_path / "native.json").read_text()
    assert "native.json" in capsys.readouterr().err


def test_too_little_memory_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught, one_line_errors("acquire"):
        np.empty(2**60, np.uint8)
    assert caught.value.code == 1
    printed = capsys.readouterr().err
    assert printed.startswith("acquire: Unable to allocate 1.00 EiB")
    assert printed.endswith("; close other programs, or ask for less\n")


def test_user_without_a_name_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught, one_line_errors("track"):
        pwd.getpwuid(4_000_000_000)
    assert caught.value.code == 1
    assert capsys.readouterr().err == (
        "track: getpwuid(): uid not found: 4000000000; set USER to any name\n"
    )


def test_interrupt_is_no_traceback(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught, one_line_errors("split"):
        raise KeyboardInterrupt
    assert caught.value.code == 130
    assert capsys.readouterr().err == "split: interrupted\n"
