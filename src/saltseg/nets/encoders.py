"""Encoders: `keras.applications` networks, and a plain one, tapped at five scales."""

import keras
from keras import layers

from saltseg.params import BackboneRow


def plain(include_top: bool, weights: str | None, input_shape: tuple[int, int, int]) -> keras.Model:
    """A small encoder trained from scratch: the baseline that every backbone should beat.

    Five stages of two 3x3 convolutions, the first of stride 2, each with batch normalisation.

    Args:
        include_top: Must be False; taken so that the call is that of `keras.applications`.
        weights: Must be None: there are no trained ones.
        input_shape: (S, S, C), S a multiple of 32.
    """
    if include_top or weights is not None:
        raise ValueError("the plain encoder has no top and no trained weights")
    x = inputs = layers.Input(input_shape)
    for stage, filters in enumerate((16, 32, 64, 128, 128), start=1):
        for strides, suffix in ((2, "_down"), (1, "")):
            x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization()(x)
            x = layers.Activation("relu", name=f"stage{stage}{suffix}")(x)
    return keras.Model(inputs, x, name="plain")


def build_backbone(row: BackboneRow, size: int, channels: int) -> keras.Model:
    """The whole network of a row, without top, randomly initialised.

    Args:
        row: Its row of the backbone table.
        size: Input side, pixels, a multiple of 32.
        channels: Input channels, any number.

    Returns:
        A model (B, S, S, C) float32 -> features at 1/32 of the side.
    """
    constructor = (
        plain if row.constructor == "plain" else getattr(keras.applications, row.constructor)
    )
    model: keras.Model = constructor(
        include_top=False, weights=None, input_shape=(size, size, channels), **row.options
    )
    return model


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
    x = layers.Rescaling([1 / s for s in std], offset, name="input_scaling")(x)
    return keras.ops.flip(x, axis=-1) if row.bgr and channels == 3 else x
