"""The U-Net: any encoder of the table, one decoder for all of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
from keras import layers

from saltseg.machine import Precision
from saltseg.nets.encoders import build_backbone, scale_input, tapped
from saltseg.nets.initial import load_initial
from saltseg.nets.kernels import normalise_by_kernels
from saltseg.params import BackboneRow, Model


def build_unet(
    row: BackboneRow,
    size: int,
    channels: int,
    options: Model,
    initial: Path | None = None,
    precision: Precision = "float32",
) -> keras.Model:
    """Build the network.

    Every encoder is tapped at the same five scales, so that two backbones differ in nothing
    but the encoder (Ronneberger et al. 2015, arXiv:1505.04597, for the shape of the whole).

    Args:
        row: Row of the backbone table.
        size: Input side S, pixels, a multiple of 32.
        channels: Input channels C.
        options: Decoder and regularisation.
        initial: File with the backbone's initial weights; None for random ones.
        precision: What all layers compute in but the first and the last, which scale the input
            and give the probability: those in float32, as all variables are.

    Returns:
        A model (B, S, S, C) uint8 grey levels -> (B, S, S, 1) float32 salt probability.

    Raises:
        WeightsError: `initial` belongs to another network.
    """
    with computing_in(precision):
        model = _unet(row, size, channels, options, initial)
    for part in (model, model.get_layer("encoder")):
        normalise_by_kernels(part)
        set_batchnorm_momentum(part, options.batchnorm_momentum)
    return model


@contextmanager
def computing_in(precision: Precision) -> Iterator[None]:
    """Let the layers that are made in this context compute in a precision."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(precision)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def _unet(
    row: BackboneRow, size: int, channels: int, options: Model, initial: Path | None
) -> keras.Model:
    backbone = build_backbone(row, size, channels)
    if initial is not None:
        load_initial(backbone, row, initial)
    inputs = layers.Input((size, size, channels), dtype="uint8", name="tile")
    *skips, x = tapped(backbone, row)(scale_input(inputs, row))
    for level, filters in enumerate(options.decoder_filters):
        x = layers.UpSampling2D(2, name=f"up{level}")(x)
        if skips:
            x = layers.Concatenate(name=f"skip{level}")([x, skips.pop()])
        x = bottleneck_block(x, filters, name=f"decoder{level}")
    x = layers.SpatialDropout2D(options.dropout, name="dropout")(x)
    outputs = layers.Conv2D(1, 1, activation="sigmoid", dtype="float32", name="probability")(x)
    return keras.Model(inputs, outputs, name="unet")


def bottleneck_block(x: keras.KerasTensor, filters: int, name: str) -> keras.KerasTensor:
    """1x1 reduce to a quarter, 3x3, 1x1 expand, added to a 1x1 projection of the input.

    Batch normalisation and ReLU follow each convolution, the last ReLU the sum. Source: the
    bottleneck of He et al. 2016, arXiv:1512.03385, figure 5.
    """
    shortcut = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_shortcut")(x)
    shortcut = layers.BatchNormalization(name=f"{name}_shortcut_bn")(shortcut)
    for part, (width, kernel) in enumerate(((filters // 4, 1), (filters // 4, 3), (filters, 1))):
        x = layers.Conv2D(width, kernel, padding="same", use_bias=False, name=f"{name}_conv{part}")(
            x
        )
        x = layers.BatchNormalization(name=f"{name}_bn{part}")(x)
        if part == 2:
            x = layers.Add(name=f"{name}_add")([x, shortcut])
        x = layers.Activation("relu", name=f"{name}_relu{part}")(x)
    return x


def set_batchnorm_momentum(model: keras.Model, momentum: float) -> None:
    """Give every batch normalisation of a network the same momentum.

    `keras.applications` fixes 0.99 or 0.999, so that after a hundred steps validation still
    runs on statistics of the initial network.
    """
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = momentum
