"""Settings files that are wrong, or made to do harm: one line, soon, and nothing is run."""

import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict

from saltseg.errors import DataError
from saltseg.settings import read_settings
from tests.hangs import limited


class Wanted(BaseModel):
    model_config = ConfigDict(extra="forbid")

    seed: int = 0
    group: dict[str, Any] = {}


def refused(path: Path, *expected: str) -> None:
    with pytest.raises(DataError) as caught, limited(20):
        read_settings(path, Wanted, DataError, "; see the manual")
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert message.endswith("; see the manual")
    assert [part for part in expected if part not in message] == [], message
    assert message.isprintable()
    assert len(message) < 1000


def refused_text(folder: Path, text: str, *expected: str) -> None:
    path = folder / "settings.yaml"
    path.write_text(text)
    refused(path, *expected)


def test_valid_file_loads(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text("# comment\nseed: 3\ngroup: {deep: [[[1, 2.5e-3, no, null]]]}\n")
    wanted = read_settings(path, Wanted, DataError, "")
    assert wanted.model_dump() == {"seed": 3, "group": {"deep": [[[1, 2.5e-3, "no", None]]]}}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seed: 1\ngroup: {}\nseed: 2", "duplicate key"),
        ("seed: " + "[" * 2000, "not valid YAML"),
        ("#" * 70_000, "expected at most 64 KiB"),
        ("seed: !!python/object/apply:os.getcwd []", "not valid YAML"),
        ("seed: 2001-99-99", "not valid YAML (month must be in 1..12)"),
        ("seed: !!bool x", "not valid YAML"),
        ("seed: !!int ''", "not valid YAML"),
        ("seed: 1\n---\nseed: 2", "expected a single document"),
        ("? [a]\n: b", "Keys should be strings"),
        ('"a\\nb\\e[31m": 1', "a b?[31m: unknown key"),
        ("\n".join(f"key{number}: 1" for number in range(3000)), "key4: unknown key; remove it or"),
        (f"? {'x' * 50_000}\n: 1", "xxx..."),
    ],
    ids=[
        "key twice",
        "deep brackets",
        "too long",
        "runs code",
        "no date",
        "no bool",
        "no integer",
        "two documents",
        "list as key",
        "key with terminal command",
        "many unknown keys",
        "long key",
    ],
)
def test_text_that_is_no_settings(tmp_path: Path, text: str, expected: str) -> None:
    refused_text(tmp_path, text, expected)


@pytest.mark.parametrize("text", ["", "seed: 3", "[" * 60_000, '{"seed": 1', '{"seed": NaN}'])
def test_json_is_read_as_nothing_else(tmp_path: Path, text: str) -> None:
    path = tmp_path / "settings.json"
    path.write_text(text)
    refused(path, "")


def test_only_the_first_complaints_are_listed(tmp_path: Path) -> None:
    unknown = "\n".join(f"key{number}: 1" for number in range(12))
    refused_text(tmp_path, unknown, "key4", "; and 7 more; see")


def test_other_encodings(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    for encoding in ("utf-16", "latin-1"):
        path.write_bytes("seed: é".encode(encoding))
        refused(path, "not valid YAML", "utf-8")


def test_folder_pipe_and_device_are_not_opened(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.yaml"
    os.mkfifo(pipe)
    for path in (tmp_path, pipe, Path("/dev/zero")):
        refused(path, "a folder, a pipe or a device; expected a file")


def test_missing_file_and_broken_link(tmp_path: Path) -> None:
    link = tmp_path / "link.yaml"
    link.symlink_to("nowhere")
    for path in (tmp_path / "missing.yaml", link):
        refused(path, "cannot be read (No such file or directory)")
