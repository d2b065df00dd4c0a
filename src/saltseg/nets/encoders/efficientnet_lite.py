"""EfficientNet-Lite: EfficientNets without squeeze and excitation, with ReLU6, made for small CPUs.

Architecture: Tan and Le 2019, arXiv:1905.11946, table 1, in the Lite variant of TensorFlow's TPU
models (https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite). No library
that comes with Keras has it; `tools/efficientnet_lite0_weights.py` makes weights for it.
"""

from typing import NamedTuple

import keras
from keras import layers

from saltseg.backbones import BackboneRow
from saltseg.errors import WeightsError

PACKAGES: tuple[str, ...] = ()
EPSILON = 1e-3


class Stage(NamedTuple):
    """Some equal blocks; the first one has the stride.

    Attributes:
        repeats: How many.
        kernel: Side of the depthwise kernel.
        stride: Of the first one.
        expand: How many times as many channels there are within a block.
        filters: Output channels.
    """

    repeats: int
    kernel: int
    stride: int
    expand: int
    filters: int


LITE0 = (
    Stage(1, 3, 1, 1, 16),
    Stage(2, 3, 2, 6, 24),
    Stage(2, 5, 2, 6, 40),
    Stage(3, 3, 2, 6, 80),
    Stage(3, 5, 1, 6, 112),
    Stage(4, 5, 2, 6, 192),
    Stage(1, 3, 1, 6, 320),
)


def build(row: BackboneRow, side: int, channels: int) -> keras.Model:
    """All blocks of Lite0, without its last convolution; `stage1` to `stage7` end the stages."""
    inputs = layers.Input((side, side, channels))
    x = layers.Conv2D(32, 3, strides=2, padding="same", use_bias=False, name="stem")(inputs)
    x = _activate(x, "stem")
    for number, stage in enumerate(LITE0, start=1):
        for repeat in range(stage.repeats):
            last = repeat == stage.repeats - 1
            name = f"stage{number}" if last else f"stage{number}_{repeat}"
            x = _block(x, stage, stage.stride if repeat == 0 else 1, name)
    return keras.Model(inputs, x, name=row.constructor)


def _block(x: keras.KerasTensor, stage: Stage, stride: int, name: str) -> keras.KerasTensor:
    """Inverted residual (Sandler et al. 2018, arXiv:1801.04381): expand, depthwise, project."""
    before = x
    if stage.expand > 1:
        width = x.shape[-1] * stage.expand
        x = layers.Conv2D(width, 1, use_bias=False, name=f"{name}_expand")(x)
        x = _activate(x, f"{name}_expand")
    x = layers.DepthwiseConv2D(
        stage.kernel, strides=stride, padding="same", use_bias=False, name=f"{name}_depthwise"
    )(x)
    x = _activate(x, f"{name}_depthwise")
    x = layers.Conv2D(stage.filters, 1, use_bias=False, name=f"{name}_project")(x)
    if stride > 1 or before.shape[-1] != stage.filters:
        return layers.BatchNormalization(epsilon=EPSILON, name=name)(x)
    x = layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_project_bn")(x)
    return layers.Add(name=name)([x, before])


def _activate(x: keras.KerasTensor, name: str) -> keras.KerasTensor:
    """Batch normalisation and ReLU6."""
    x = layers.BatchNormalization(epsilon=EPSILON, name=f"{name}_bn")(x)
    return layers.ReLU(6.0, name=f"{name}_relu")(x)


def build_pretrained(row: BackboneRow, side: int) -> keras.Model:
    """There is nothing to download: weights are converted.

    Raises:
        WeightsError: Always; the text says how.
    """
    raise WeightsError(
        f"model.weights: imagenet: nothing to download for {row.constructor}; make the file with"
        " tools/efficientnet_lite0_weights.py, which says how, and name it"
    )


def versions() -> dict[str, str]:
    """None: all of it is here."""
    return {}
