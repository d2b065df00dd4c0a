"""`saltseg doctor` on this machine."""

import re
from pathlib import Path

import pytest

from tests.test_cli import run

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_doctor_says_what_there_is_and_measures_each_precision() -> None:
    printed = run(ROOT, "doctor").stdout
    for name in ("CPU", "cores", "memory", "device", "tensorflow", "keras"):
        assert re.search(rf"^{name} +\S", printed, re.MULTILINE), printed
    rows = dict(re.findall(r"(float32|mixed_\w+) +\d+ +(\d+\.\d\d)", printed))
    assert rows.keys() == {"float32", "mixed_bfloat16", "mixed_float16"}
    assert rows["float32"] == "1.00"
    fastest = min(rows, key=lambda name: float(rows[name]))
    assert printed.strip().splitlines()[-1] == f"fastest here: {fastest}"
