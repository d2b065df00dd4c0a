"""The U-Net: any encoder of the table, one decoder for all of them."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
from keras import layers

from saltseg.backbones import BackboneRow
from saltseg.machine import Precision
from saltseg.nets.blocks import basic_block, bottleneck_block, scse
from saltseg.nets.encoders import build_backbone, scale_input, tapped
from saltseg.nets.initial import NETWORK, load_initial, load_network
from saltseg.nets.kernels import normalise_by_kernels
from saltseg.params import Decoder, Model

BLOCKS = {"bottleneck": bottleneck_block, "residual": basic_block}
"""Blocks of the decoder by name; a new one is named in `params.Decoder` too."""

PROBABILITY = "probability"
"""The layer that gives the salt probability."""


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
        initial: File with initial weights of the backbone or, by its name (`initial.NETWORK`), of
            a whole network; None for random ones.
        precision: What all layers compute in but the first and the last, which scale the input
            and give the probability: those in float32, as all variables are.

    Returns:
        A model (B, S, S, C) uint8 grey levels -> (B, S, S, 1) float32 salt probability; where
        options ask for more outputs that only training looks at, a list that begins with it:
        (B, 1, 1, 1) of the salt head, (B, s, s, 1) at 1/16, 1/8, 1/4, 1/2 of the side under deep
        supervision. `served` leaves them out.

    Raises:
        WeightsError: `initial` belongs to another network.
    """
    whole = initial is not None and initial.name == NETWORK
    with computing_in(precision):
        model = _unet(row, size, channels, options, None if whole else initial)
    if initial is not None and whole:
        load_network(served(model), initial)
    for part in (model, model.get_layer("encoder")):
        normalise_by_kernels(part)
        set_batchnorm_momentum(part, options.batchnorm_momentum)
    return model


def served(network: keras.Model) -> keras.Model:
    """The same network with the salt probability alone, and without optimizer."""
    output = network.get_layer(PROBABILITY).output
    return keras.Model(network.inputs, output, name=network.name)


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
    *skips, bottom = tapped(backbone, row)(scale_input(inputs, row))
    levels = _decode(bottom, skips, options)
    x = _all_sides(levels) if options.hypercolumn else levels[-1]
    x = layers.SpatialDropout2D(options.dropout, name="dropout")(x)
    outputs = [x := _probability(x, "pixels" if options.salt_head else PROBABILITY)]
    if options.salt_head:
        any_salt = _any_salt(bottom)
        outputs = [layers.Multiply(dtype="float32", name=PROBABILITY)([x, any_salt]), any_salt]
    if options.deep_supervision:
        sides = enumerate(levels[:-1])
        outputs += [_probability(one, f"probability{level}") for level, one in sides]
    return keras.Model(inputs, outputs if len(outputs) > 1 else outputs[0], name="unet")


def _decode(
    x: keras.KerasTensor, skips: list[keras.KerasTensor], options: Decoder
) -> list[keras.KerasTensor]:
    """Features at 1/16, 1/8, 1/4, 1/2 of the side and at the full side."""
    block, skips, levels = BLOCKS[options.decoder], list(skips), []
    for level, filters in enumerate(options.decoder_filters):
        x = layers.UpSampling2D(2, name=f"up{level}")(x)
        if skips:
            x = layers.Concatenate(name=f"skip{level}")([x, skips.pop()])
        x = block(x, filters, f"decoder{level}")
        if options.attention == "scse":
            x = scse(x, f"decoder{level}_scse")
        levels.append(x)
    return levels


def _all_sides(levels: list[keras.KerasTensor]) -> keras.KerasTensor:
    """The features of all levels at the full side, as many of each as the last level has.

    Source: hypercolumns, Hariharan et al. 2015, arXiv:1411.5752.
    """
    *coarse, finest = levels
    columns = [finest]
    for level, x in enumerate(coarse):
        x = layers.Conv2D(finest.shape[-1], 1, name=f"hypercolumn{level}")(x)
        columns.append(layers.UpSampling2D(finest.shape[1] // x.shape[1])(x))
    return layers.Concatenate(name="hypercolumn")(columns)


def _any_salt(bottom: keras.KerasTensor) -> keras.KerasTensor:
    """Probability that a tile holds any salt, (B, 1, 1, 1) float32."""
    x = layers.GlobalAveragePooling2D(keepdims=True, name="any_salt_pool")(bottom)
    return layers.Dense(1, "sigmoid", dtype="float32", name="any_salt")(x)


def _probability(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    return layers.Conv2D(1, 1, activation="sigmoid", dtype="float32", name=name)(x)


def set_batchnorm_momentum(model: keras.Model, momentum: float) -> None:
    """Give every batch normalisation of a network the same momentum.

    `keras.applications` fixes 0.99 or 0.999, so that after a hundred steps validation still
    runs on statistics of the initial network.
    """
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.momentum = momentum
