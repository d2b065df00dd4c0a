"""Overrides of parameters, as recipes and `dvc exp run -S` have them."""

from collections.abc import Sequence
from typing import Any

import yaml


def overrides_of(words: Sequence[str]) -> dict[str, Any]:
    """Values by dotted name, from words such as `-S train.epochs=3`."""
    pairs = (word.removeprefix("-S").split("=", 1) for word in words if word not in ("-S", ""))
    return {name.strip(): yaml.safe_load(value) for name, value in pairs}
