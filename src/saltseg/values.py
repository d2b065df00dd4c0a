"""Kinds of values that parameters take, each with what is refused and why."""

from importlib import resources
from typing import Annotated

from pydantic import AfterValidator, Field

Fraction = Annotated[float, Field(ge=0, lt=1)]
Threshold = Annotated[float, Field(gt=0, lt=1)]
Sizes = Annotated[list[Annotated[int, Field(ge=0)]], Field(max_length=20)]


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("holds a line break or another character that cannot be printed")
    return text


Name = Annotated[str, Field(min_length=1), AfterValidator(_printable)]

Seed = Annotated[int, Field(ge=0, lt=2**31)]


def _halves_five_times(side: int) -> int:
    if side % 32:
        raise ValueError(
            f"{side} is not a multiple of 32, but the encoder halves the side five times; "
            f"use {max(32, round(side / 32) * 32)}"
        )
    return side


Side = Annotated[int, Field(ge=32, le=1024), AfterValidator(_halves_five_times)]


def _bottleneck_divides(filters: list[int]) -> list[int]:
    if any(count < 4 or count % 4 for count in filters):
        raise ValueError(
            f"{filters}: each must be a positive multiple of 4, since the bottleneck block "
            "reduces to a quarter"
        )
    return filters


Filters = Annotated[
    list[int], Field(min_length=5, max_length=5), AfterValidator(_bottleneck_divides)
]


def files_of(folder: str) -> frozenset[str]:
    """Names of the modules in a folder of this package: what a parameter may choose from."""
    found = resources.files("saltseg").joinpath(folder).iterdir()
    names = {file.name.removesuffix(".py") for file in found if file.name.endswith(".py")}
    return frozenset(names - {"__init__"})


def one_of(folder: str) -> AfterValidator:
    """A check that a name is that of a file."""

    def check(name: str) -> str:
        if name not in (known := files_of(folder)):
            raise ValueError(f"unknown: '{name}'; known: {', '.join(sorted(known))}")
        return name

    return AfterValidator(check)
