"""Small residual encoders, made to be trained from scratch on a CPU.

A 3x3 convolution of stride 2 and nine basic blocks in five stages, each but the first beginning
with stride 2 (He et al. 2016, arXiv:1512.03385, figure 5 left). `options` of the row: `width`, the
filters of the first stage, doubled in each of the next three.
"""

import keras
from keras import layers

from saltseg.backbones import BackboneRow
from saltseg.errors import WeightsError
from saltseg.nets.blocks import basic_block, convolve

PACKAGES: tuple[str, ...] = ()
_TIMES = (2, 4, 8, 8)


def build(row: BackboneRow, side: int, channels: int) -> keras.Model:
    """`stage1` to `stage5` end the stages."""
    inputs = layers.Input((side, side, channels))
    width = int(row.options["width"])
    # No block on the input itself: on CPUs without AVX-512 TensorFlow 2.21 crashes in the gradient
    # of its shortcut, a 1x1 convolution of stride 2 on three channels.
    x = convolve(inputs, width, 3, "stem", strides=2)
    x = layers.Activation("relu", name="stem_relu")(x)
    x = basic_block(x, width, "stage1")
    for stage, times in enumerate(_TIMES, start=2):
        x = basic_block(x, width * times, f"stage{stage}_down", strides=2)
        x = basic_block(x, width * times, f"stage{stage}")
    return keras.Model(inputs, x, name=row.constructor)


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
