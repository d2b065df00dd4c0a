"""Typed parameters: `params.yaml`, checked before anything runs."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import (
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from saltseg.backbones import backbone_row
from saltseg.errors import ParameterError
from saltseg.machine import Engine, Precision
from saltseg.settings import Strict, read_settings
from saltseg.values import Filters, Fraction, Name, Seed, Side, Sizes, Threshold, one_of

Channel = Literal["intensity", "depth_ramp", "gradient", "survey_depth"]

DIVISIONS = 10
"""Times that the same tiles are divided into folds, which are numbered on and on.

All are made at once, so that training folds of one more changes no file that others depend on.
"""

_MOST_CHOICES = 2000
"""Of threshold and sizes together; scoring them takes some 60 bytes for each and each tile."""

NONE = "none"
"""As `train.second_loss`: there is no second one."""


class Preprocess(Strict):
    """How tiles become network input."""

    side: Side
    fit: Literal["resize", "pad"] = "resize"
    channels: Annotated[list[Channel], Field(min_length=1)]

    @model_validator(mode="before")
    @classmethod
    def _renamed(cls, value: Any) -> Any:
        if isinstance(value, dict) and "size" in value:
            raise ValueError("size is called side now; rename it")
        return value


class Mosaics(Strict):
    """How tiles are put back beside each other."""

    margin: Annotated[float, Field(gt=0)]


class Split(Strict):
    """How tiles are divided into folds."""

    n_splits: Annotated[int, Field(ge=2)]
    strategy: Literal["stratified", "grouped"]
    seed: Seed
    holdout: Annotated[float, Field(ge=0, le=0.5)]


class Decoder(Strict):
    """What a trained network has besides its encoder.

    Attributes:
        decoder: Kind of its blocks, one after each upsampling.
        decoder_filters: From 1/16 of the input side up to the full side.
        attention: What weighs channels and pixels behind each block.
        hypercolumn: Whether the output sees the features of all sides, not the full one's alone.
        salt_head: Whether the probability of each pixel is multiplied by that of any salt at all.
    """

    decoder: Literal["bottleneck", "residual"] = "bottleneck"
    decoder_filters: Filters
    attention: Literal["none", "scse"] = "none"
    hypercolumn: bool = False
    salt_head: bool = False


class Model(Decoder):
    """The U-Net around the backbone."""

    weights: Name
    deep_supervision: bool
    dropout: Fraction
    batchnorm_momentum: Fraction


class Plateau(Strict):
    """When the learning rate falls: no better val_map_iou for `patience` epochs."""

    factor: Annotated[float, Field(gt=0, lt=1)]
    patience: Annotated[int, Field(ge=1)]
    min_learning_rate: Annotated[float, Field(ge=0)]


class Cosine(Strict):
    """How the learning rate rises and falls.

    Attributes:
        warmup: Share of the steps in which it rises.
        cycles: Times that it does both.
    """

    warmup: Annotated[float, Field(ge=0, lt=1)]
    cycles: Annotated[int, Field(ge=1)] = 1


class EarlyStopping(Strict):
    """When training stops: no better val_map_iou for `patience` epochs."""

    patience: Annotated[int, Field(ge=1)]


class Augment(Strict):
    """Random changes of a training tile.

    Attributes:
        flip: Whether half of the tiles are mirrored left to right.
        shift: Largest shift, fraction of the side.
        scale: Largest relative change of size.
        brightness: Largest change of grey levels, fraction of their range.
        contrast: Largest change of contrast: 0.5 is anything from 1/1.5 to 1.5 times as much.
        rotate: Largest angle, degrees.
        elastic: Largest shift of single parts against each other, fraction of the side.
        cutout: Largest side of a square that is blanked, fraction of the side.
        mix: Share of tiles a part of which is taken from another tile, mask and all.
    """

    flip: bool
    shift: Annotated[float, Field(ge=0, le=0.5)]
    scale: Annotated[float, Field(ge=0, le=0.5)]
    brightness: Annotated[float, Field(ge=0, le=0.5)]
    contrast: Annotated[float, Field(ge=0, le=4)]
    rotate: Annotated[float, Field(ge=0, le=45)] = 0
    elastic: Annotated[float, Field(ge=0, le=0.2)] = 0
    cutout: Annotated[float, Field(ge=0, le=0.5)] = 0
    mix: Annotated[float, Field(ge=0, le=1)] = 0


class Train(Strict):
    """How one fold is trained."""

    folds: Annotated[list[int], Field(min_length=1)]
    seed: Seed
    epochs: Annotated[int, Field(ge=1)]
    batch_size: Annotated[int, Field(ge=1)]
    loss: Annotated[Name, one_of("objectives/losses")]
    second_loss: Annotated[Name, one_of("objectives/losses")]
    second_from: Annotated[float, Field(gt=0, lt=1)]
    frozen_epochs: Annotated[int, Field(ge=0)]
    optimizer: Annotated[Name, one_of("objectives/optimizers")]
    schedule: Annotated[Name, one_of("objectives/schedules")]
    learning_rate: Annotated[float, Field(gt=0)]
    encoder_rate: Annotated[float, Field(gt=0, le=1)]
    weight_decay: Annotated[float, Field(ge=0, lt=1)]
    clip_norm: Annotated[float, Field(gt=0)] | None
    average: Fraction
    engine: Engine
    precision: Precision
    jit_compile: bool
    threads: Annotated[int, Field(ge=1, le=1024)] | None
    plateau: Plateau
    cosine: Cosine
    early_stopping: EarlyStopping
    skip_constant: bool
    augment: Augment

    @model_validator(mode="after")
    def _phases_fit(self) -> Self:
        if self.loss == NONE:
            raise ValueError("loss: none is for second_loss alone")
        if self.second_loss == self.loss:
            raise ValueError(f"second_loss: {self.loss} is train.loss already; say {NONE}")
        if self.frozen_epochs >= self.epochs:
            raise ValueError(
                f"frozen_epochs: {self.frozen_epochs} of {self.epochs} epochs leaves the encoder"
                " none; lower it, or raise train.epochs"
            )
        first = round(self.second_from * self.epochs)
        if self.second_loss != NONE and not 0 < first < self.epochs:
            raise ValueError(
                f"second_from: {self.second_from:g} of {self.epochs} epochs leaves one of the two"
                " losses without any; change it, or train.epochs"
            )
        return self


class Choices(Strict):
    """What may be chosen after training, each by the folds that are not scored with it."""

    threshold: Annotated[list[Threshold], Field(min_length=1, max_length=99)]
    region: Sizes
    mask: Sizes

    @model_validator(mode="after")
    def _not_too_many(self) -> Self:
        together = len(self.threshold) * len(self.region) * len(self.mask)
        if together > _MOST_CHOICES:
            raise ValueError(f"{together} choices; expected at most {_MOST_CHOICES} together")
        return self


class Evaluate(Strict):
    """How out-of-fold predictions are scored and shown."""

    threshold: Threshold
    flip: bool
    gallery: Annotated[int, Field(ge=1, le=12)]
    choices: Choices


class Tracking(Strict):
    """Where runs are logged."""

    experiment: Name


class Params(Strict):
    """The whole of `params.yaml`."""

    backbone: Name
    dataset: Name
    preprocess: Preprocess
    mosaics: Mosaics
    split: Split
    model: Model
    train: Train
    evaluate: Evaluate
    tracking: Tracking

    @model_validator(mode="before")
    @classmethod
    def _parted(cls, value: Any) -> Any:
        if isinstance(value, dict) and "seed" in value:
            raise ValueError(
                "seed is two now, split.seed of the folds and train.seed of the networks; say both"
            )
        return value

    @field_validator("backbone")
    @classmethod
    def _backbone_known(cls, name: str) -> str:
        backbone_row(name)
        return name

    @model_validator(mode="after")
    def _folds_exist(self) -> "Params":
        folds, n_splits = self.train.folds, self.split.n_splits
        count = DIVISIONS * n_splits
        if outside := [fold for fold in folds if not 0 <= fold < count]:
            raise ValueError(
                f"train.folds: {outside} outside 0..{count - 1} ({DIVISIONS} divisions into "
                f"split.n_splits = {n_splits}); change one of the two"
            )
        if len(set(folds)) != len(folds):
            raise ValueError(f"train.folds: {folds} names a fold twice; name each once")
        return self


def load_params(path: Path = Path("params.yaml")) -> Params:
    """Read and check a parameter file.

    Raises:
        ParameterError: The file is missing, is no YAML, or a key is unknown or out of range.
    """
    return read_settings(path, Params, ParameterError, advice="")


def with_overrides(params: Params, overrides: Mapping[str, Any]) -> Params:
    """Parameters with some of them changed, as `dvc exp run -S` changes them, checked like a file.

    Args:
        params: All of them.
        overrides: Values by dotted name.

    Raises:
        ParameterError: There is no such parameter, or a value is out of range.
    """
    tree = params.model_dump()
    for name, value in overrides.items():
        *groups, leaf = name.split(".")
        group: Any = tree
        for part in groups:
            group = group.get(part) if isinstance(group, dict) else None
        if not isinstance(group, dict) or leaf not in group:
            raise ParameterError(f"{name}: unknown parameter; params.yaml holds all there are")
        group[leaf] = value
    try:
        return Params.model_validate(tree)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        text = first["msg"].removeprefix("Value error, ")
        raise ParameterError(f"{where}: {text}" if where else text) from None
