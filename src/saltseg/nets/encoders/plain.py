"""A small encoder trained from scratch: the baseline that every backbone should beat."""

import keras
from keras import layers

from saltseg.backbones import BackboneRow
from saltseg.errors import WeightsError

PACKAGES: tuple[str, ...] = ()


def build(row: BackboneRow, side: int, channels: int) -> keras.Model:
    """Five stages of two 3x3 convolutions, the first of stride 2, each with batch normalisation."""
    x = inputs = layers.Input((side, side, channels))
    for stage, filters in enumerate((16, 32, 64, 128, 128), start=1):
        for strides, suffix in ((2, "_down"), (1, "")):
            x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization()(x)
            x = layers.Activation("relu", name=f"stage{stage}{suffix}")(x)
    return keras.Model(inputs, x, name="plain")


def build_pretrained(row: BackboneRow, side: int) -> keras.Model:
    """There are no trained weights.

    Raises:
        WeightsError: Always.
    """
    raise WeightsError(
        f"model.weights: no ImageNet weights exist for {row.constructor}; use random"
    )


def versions() -> dict[str, str]:
    """None: all of it is here."""
    return {}
