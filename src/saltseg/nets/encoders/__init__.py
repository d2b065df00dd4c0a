"""Encoders: networks of several sources, tapped at five scales."""

from typing import Protocol

import keras
from keras import layers

from saltseg.backbones import BackboneRow
from saltseg.nets.encoders import efficientnet_lite, keras_applications, plain, residual


class Source(Protocol):
    """Where encoders come from; a module of this package for each.

    Attributes:
        PACKAGES: What a served model needs installed besides Keras and its engine.
    """

    PACKAGES: tuple[str, ...]

    def build(self, row: BackboneRow, side: int, channels: int) -> keras.Model:
        """The network of a row, without top, randomly initialised; see `build_backbone`."""

    def build_pretrained(self, row: BackboneRow, side: int) -> keras.Model:
        """The same for three channels, with ImageNet weights, which may be downloaded.

        Raises:
            WeightsError: There are none, or the download failed.
        """

    def versions(self) -> dict[str, str]:
        """What else decides the numbers of a training; it belongs into its key."""


SOURCES: dict[str, Source] = {
    "plain": plain,
    "residual": residual,
    "efficientnet_lite": efficientnet_lite,
    "keras_applications": keras_applications,
}
"""Sources by name; a new one is named in `backbones.EncoderSource` too."""


def build_backbone(row: BackboneRow, side: int, channels: int) -> keras.Model:
    """The whole network of a row, without top, randomly initialised.

    Args:
        row: Its row of the backbone table.
        side: Input side, pixels, a multiple of 32.
        channels: Input channels, any number.

    Returns:
        A model (B, S, S, C) float32 -> features at 1/32 of the side.
    """
    return SOURCES[row.source].build(row, side, channels)


def tapped(backbone: keras.Model, row: BackboneRow) -> keras.Model:
    """The backbone as an encoder that returns its five taps, finest first.

    Returns:
        A model (B, S, S, C) float32 -> five tensors (B, S/2, S/2, .) ... (B, S/32, S/32, .).
    """
    taps = [backbone.get_layer(name).output for name in row.taps]
    return keras.Model(backbone.input, taps, name="encoder")


def scale_input(x: keras.KerasTensor, row: BackboneRow) -> keras.KerasTensor:
    """Grey levels to what the row's ImageNet weights expect.

    With three channels each one takes the place of a colour, as `preprocess_input` of
    `keras.applications` would scale it; with another number all take the mean colour's scaling.

    Args:
        x: (B, S, S, C), grey levels 0 to 255.
        row: Its row of the backbone table.
    """
    channels = x.shape[-1]
    if channels == 3:
        mean, std = row.mean, row.std
    else:
        mean, std = ([sum(values) / 3] * channels for values in (row.mean, row.std))
    offset = [-m / s for m, s in zip(mean, std, strict=True)]
    # In float32: in half precision grey levels would be rounded twice.
    x = layers.Rescaling([1 / s for s in std], offset, dtype="float32", name="input_scaling")(x)
    return keras.ops.flip(x, axis=-1) if row.bgr and channels == 3 else x
