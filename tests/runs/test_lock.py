"""Damaged files of parameters and stages are told in one line that says where."""

import pytest

from saltseg.errors import DataError
from saltseg.runs.lock import read_lock, read_params
from tests.runs.test_keys import LOCK


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"stages: [",
        b"\xff\xfe\x00",
        b"[" * 5000,
        b"seed: 2001-99-99",
        b"<<<<<<< HEAD\nseed: 1\n=======\nseed: 2\n>>>>>>> theirs\n",
    ],
)
def test_damaged_files_are_one_line(content: bytes) -> None:
    for read in (read_params, read_lock):
        with pytest.raises(DataError, match=r"^here: damaged \(.*\); mend it") as caught:
            read(content, "here")
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        (b"'2.0'", b"'1.0'", "invalid schema version"),
        (b"deps:\n    - {path: src/loss.py", b"deps:\n    - {where: src/loss.py", r"\['deps'\]"),
        (b"cmd:", b"run:", r"\['run'\]"),
    ],
)
def test_a_lock_of_another_form_says_where(old: bytes, new: bytes, named: str) -> None:
    assert old in LOCK
    with pytest.raises(DataError, match=rf"^dvc.lock: damaged \(.*{named}.*\); mend it"):
        read_lock(LOCK.replace(old, new))
