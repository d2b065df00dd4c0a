"""All that is needed to build a trained network again, and to feed it: kept beside its weights."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import field_validator, model_validator

from saltseg.backbones import BackboneRow, backbone_row
from saltseg.errors import WeightsError
from saltseg.machine import Precision
from saltseg.params import Channel, Decoder, Model, Params, Preprocess
from saltseg.settings import Strict, read_settings
from saltseg.tiles.inputs.native import Native

if TYPE_CHECKING:
    import keras


WEIGHTS, BLUEPRINT = "best.weights.h5", "blueprint.json"
"""Files of a trained fold."""


class Blueprint(Strict):
    """A U-Net and its input.

    Attributes:
        backbone: Its name.
        row: Its row of the backbone table when the network was trained.
        decoder: What it has besides its encoder.
        preprocess: Side S of its input and what its C channels show.
        native: The tiles it was trained on.
    """

    backbone: str
    row: BackboneRow
    decoder: Decoder
    preprocess: Preprocess
    native: Native

    @model_validator(mode="before")
    @classmethod
    def _had_one_decoder(cls, value: Any) -> Any:
        """Take what was trained before there were several decoders."""
        if isinstance(value, dict) and "decoder_filters" in value:
            filters = {"decoder_filters": value["decoder_filters"]}
            rest = {key: value[key] for key in value if key != "decoder_filters"}
            return rest | {"decoder": filters}
        return value

    @field_validator("preprocess", mode="before")
    @classmethod
    def _side_was_size(cls, value: Any) -> Any:
        """Take what was trained before `preprocess.size` became `preprocess.side`."""
        if isinstance(value, dict) and value.keys() == {"size", "channels"}:
            return {"side": value["size"], "channels": value["channels"]}
        return value

    @field_validator("row", mode="before")
    @classmethod
    def _sources_had_no_names(cls, value: Any) -> Any:
        """Take what was trained before rows said where their network comes from."""
        if isinstance(value, dict) and "source" not in value:
            plain = value.get("constructor") == "plain"
            return value | {"source": "plain" if plain else "keras_applications"}
        return value

    @classmethod
    def of(cls, params: Params, native: Native) -> "Blueprint":
        """The network that these parameters train."""
        return cls(
            backbone=params.backbone,
            row=backbone_row(params.backbone),
            decoder=Decoder(**params.model.model_dump(include=set(Decoder.model_fields))),
            preprocess=params.preprocess,
            native=native,
        )

    @classmethod
    def read(cls, path: Path) -> "Blueprint":
        """Read what was written beside the weights.

        Raises:
            WeightsError: The file is missing or holds something else.
        """
        advice = "; a trained network comes with it, so copy its whole folder, or `dvc repro`"
        return read_settings(path, cls, WeightsError, advice)

    def build(self, precision: Precision = "float32") -> "keras.Model":
        """The network with random weights; see `build_unet`."""
        # To feed a network that was exported to ONNX takes no Keras.
        from saltseg.nets.unet import build_unet, served

        # Neither dropout nor momentum matter once it is trained.
        options = Model(
            **self.decoder.model_dump(),
            weights="random",
            deep_supervision=False,
            dropout=0,
            batchnorm_momentum=0,
        )
        channels = len(self.channels)
        return served(build_unet(self.row, self.side, channels, options, precision=precision))

    @property
    def side(self) -> int:
        """Side S of the input, pixels."""
        return self.preprocess.side

    @property
    def channels(self) -> list[Channel]:
        """Names of the C channels."""
        return self.preprocess.channels
