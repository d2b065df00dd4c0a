"""The backbone table, `backbones.yaml` beside this module, checked."""

from functools import cache
from importlib import resources
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from saltseg.settings import Strict, read_yaml

EncoderSource = Literal["plain", "residual", "efficientnet_lite", "keras_applications"]

IGNORED_BY_DVC = {"size", "nfiles"}
"""Names that DVC leaves out where it looks a run up in its cache: a changed one changes nothing
(treeverse/dvc issue 10296), so no parameter may be called so, at any depth."""


class BackboneRow(Strict):
    """One row of the backbone table.

    Attributes:
        source: Where it comes from; a module of `saltseg.nets.encoders`.
        constructor: Its name there, for instance of a function of `keras.applications`.
        options: Further arguments of the constructor.
        taps: Names of five layers, at 1/2, 1/4, 1/8, 1/16 and 1/32 of the input side; the last
            is the bottleneck.
        mean: Grey level (0 to 255) per RGB channel that the ImageNet weights expect as zero.
        std: Grey levels per RGB channel that they expect as one.
        bgr: Whether they expect the channels in reverse order.
    """

    source: EncoderSource
    constructor: str
    options: dict[str, bool | float | str] = Field(default={})
    taps: Annotated[list[str], Field(min_length=5, max_length=5)]
    mean: Annotated[list[float], Field(min_length=3, max_length=3)]
    std: Annotated[list[float], Field(min_length=3, max_length=3)]
    bgr: bool = False

    @field_validator("options")
    @classmethod
    def _seen_by_dvc(cls, options: dict[str, Any]) -> dict[str, Any]:
        if hidden := sorted(IGNORED_BY_DVC & options.keys()):
            raise ValueError(f"{', '.join(hidden)}: DVC would not see a change of it; rename it")
        return options


@cache
def backbone_table() -> dict[str, BackboneRow]:
    """The backbones that can be chosen, by name, from `backbones.yaml` beside this module."""
    rows = read_yaml(resources.files("saltseg").joinpath("backbones.yaml").read_bytes())
    return {name: BackboneRow.model_validate(row) for name, row in rows.items()}


def backbone_row(name: str) -> BackboneRow:
    """The row of one backbone.

    Raises:
        ValueError: No such row; the text lists the known ones.
    """
    table = backbone_table()
    if name not in table:
        raise ValueError(f"unknown backbone '{name}'; known: {', '.join(table)}")
    return table[name]
