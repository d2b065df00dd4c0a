"""params.yaml and dvc.lock of any commit, perhaps damaged, read and written as DVC does."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from saltseg.errors import DataError
from saltseg.settings import read_yaml

MEND = "mend it, or bring back the committed one by git"
"""What to do about a damaged file of settings or stages."""


def read_params(content: bytes, what: str, advice: str = MEND) -> dict[str, Any]:
    """A params.yaml of any commit, numbers read as DVC reads them (YAML 1.2: 1e-06 is one).

    Args:
        content: Of the file.
        what: What an error calls it.
        advice: What to do about an error.

    Raises:
        DataError: It is damaged.
    """
    try:
        tree = read_yaml(content)
    except ValueError as error:
        raise DataError(f"{what}: damaged ({' '.join(str(error).split())}); {advice}") from None
    if not isinstance(tree, dict):
        raise DataError(f"{what}: damaged (no keys and values); {advice}")
    return tree


def read_lock(content: bytes, what: str = "dvc.lock", advice: str = MEND) -> dict[str, Any]:
    """The stages of a dvc.lock; see `read_params`.

    Raises:
        DataError: It is damaged.
    """
    from dvc.schema import COMPILED_LOCKFILE_SCHEMA
    from voluptuous import Invalid

    try:
        tree = COMPILED_LOCKFILE_SCHEMA(read_params(content, what, advice))
    except Invalid as error:
        raise DataError(f"{what}: damaged ({error}); {advice}") from None
    stages: dict[str, Any] = tree.get("stages", {})
    return stages


def write_lock(stages: Mapping[str, Any], path: Path) -> None:
    """Write stages as a dvc.lock."""
    YAML(typ="safe").dump({"schema": "2.0", "stages": dict(stages)}, path)
