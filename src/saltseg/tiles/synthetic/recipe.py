"""The recipe of a synthetic survey: one YAML file, checked before anything is made of it."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from saltseg.errors import DataError
from saltseg.settings import read_settings
from saltseg.tiles.reading.pngs import MAX_SIDE


def _ordered(bounds: tuple[float, float]) -> tuple[float, float]:
    if bounds[0] > bounds[1]:
        raise ValueError(f"{list(bounds)} runs backwards; write the low end first")
    return bounds


# YAML has lists where Python has tuples, so these fields alone are not strict about the type.
NonNegative = Annotated[float, Field(ge=0)]
Positive = Annotated[float, Field(gt=0)]
Fraction = Annotated[float, Field(ge=0, le=1)]
Span = Annotated[tuple[NonNegative, NonNegative], Field(strict=False), AfterValidator(_ordered)]
PositiveSpan = Annotated[tuple[Positive, Positive], Field(strict=False), AfterValidator(_ordered)]
Count = Annotated[int, Field(ge=0)]
CountSpan = Annotated[tuple[Count, Count], Field(strict=False), AfterValidator(_ordered)]


class _Strict(BaseModel):
    """A group of settings: unknown keys are refused, values cannot change."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class SectionRecipe(_Strict):
    """How large a section is and how tiles are cut from it."""

    tile: Annotated[int, Field(ge=32, le=MAX_SIDE)]
    rows: Annotated[int, Field(ge=1, le=100)]
    columns: Annotated[int, Field(ge=1, le=100)]
    clip: Annotated[float, Field(ge=0, lt=50)]
    seismic_depth: CountSpan
    tile_depth: Count

    @property
    def shape(self) -> tuple[int, int]:
        """Height and width of a section, pixels."""
        return self.rows * self.tile, self.columns * self.tile

    @model_validator(mode="after")
    def _fits_the_depth_range(self) -> "SectionRecipe":
        room = self.seismic_depth[1] - self.seismic_depth[0]
        if (self.rows - 1) * self.tile_depth > room:
            raise ValueError(
                f"{self.rows} rows, {self.tile_depth} of z apart, do not fit into seismic_depth "
                f"{list(self.seismic_depth)}; lower tile_depth to {room // (self.rows - 1)} or less"
            )
        return self


class WaveletRecipe(_Strict):
    """The seismic wavelet."""

    frequency: Annotated[
        tuple[Positive, Annotated[float, Field(gt=0, le=0.5)]],
        Field(strict=False),
        AfterValidator(_ordered),
    ]
    deep: Annotated[float, Field(gt=0, le=1)]


class SedimentRecipe(_Strict):
    """Layers and what bends, breaks and dims them."""

    layer: PositiveSpan
    contrast: Positive
    fold: Span
    dip: NonNegative
    faults: CountSpan
    throw: Span
    uplift: Span
    reach: PositiveSpan
    dimming: Fraction
    decay: NonNegative


class SaltRecipe(_Strict):
    """Salt bodies and how they look."""

    free: Fraction
    bodies: Annotated[
        tuple[Annotated[int, Field(ge=1)], Count], Field(strict=False), AfterValidator(_ordered)
    ]
    half_width: PositiveSpan
    half_height: PositiveSpan
    roughness: Annotated[float, Field(ge=0, le=0.5)]
    ragged: Span
    contrast: Span
    inside: Span
    smallest: Annotated[int, Field(ge=1)]


class NoiseRecipe(_Strict):
    """What is neither layer nor salt."""

    level: Span
    shear: NonNegative
    white: NonNegative


class Recipe(_Strict):
    """All settings of a synthetic survey; `data/synthetic.yaml` says what each of them means."""

    seed: Count
    tiles: Annotated[int, Field(ge=1, le=10**6)]
    unlabelled: Count
    section: SectionRecipe
    wavelet: WaveletRecipe
    sediment: SedimentRecipe
    salt: SaltRecipe
    noise: NoiseRecipe


def read_recipe(path: Path) -> Recipe:
    """Read and check a recipe file.

    Args:
        path: A YAML file with the keys of `data/synthetic.yaml`, all of them.

    Raises:
        DataError: The file is missing or no YAML, or a key is unknown, missing or out of range.
    """
    advice = "; data/synthetic.yaml shows every key with a valid value"
    return read_settings(path, Recipe, DataError, advice)
