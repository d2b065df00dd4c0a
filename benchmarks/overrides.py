"""Parameters with some of them changed, as `dvc exp run -S` changes them."""

from collections.abc import Mapping, Sequence
from typing import Any

import yaml

from saltseg.params import Params


def overrides_of(words: Sequence[str]) -> dict[str, Any]:
    """Values by dotted name, from words such as `-S train.epochs=3`."""
    pairs = (word.removeprefix("-S").split("=", 1) for word in words if word not in ("-S", ""))
    return {name.strip(): yaml.safe_load(value) for name, value in pairs}


def with_overrides(params: Params, overrides: Mapping[str, Any]) -> Params:
    """The parameters with these changed, checked like a file."""
    tree = params.model_dump()
    for name, value in overrides.items():
        *groups, leaf = name.split(".")
        group = tree
        for part in groups:
            group = group[part]
        group[leaf] = value
    return Params.model_validate(tree)
