"""What README and docs/commands.md say to type runs, in order, in a fresh clone."""

from pathlib import Path

import pytest

from tests.docs.run_commands import PAGES, commands, run_pages


@pytest.mark.long
def test_they_run_as_they_stand(tmp_path: Path) -> None:
    left_out = run_pages(tmp_path)
    ran = sum(1 for page in PAGES for _ in commands(page)) - len(left_out)
    assert ran > len(left_out)


def test_what_is_left_out_has_a_reason() -> None:
    left_out = {one.text: one.left_out for page in PAGES for one in commands(page) if one.left_out}
    assert left_out["make test"] == "minutes"
    assert left_out["saltseg spread A B C"] == "A stands for something"
    assert "make demo" not in left_out
    assert all(left_out.values())
