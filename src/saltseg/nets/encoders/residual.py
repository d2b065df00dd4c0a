"""Small residual encoders, made to be trained from scratch on a CPU.

Five stages of two basic blocks each, the first block of stride 2 (He et al. 2016, arXiv:1512.03385,
figure 5 left). `options` of the row: `width`, the filters of the first stage, doubled in each of
the next three.
"""

import keras
from keras import layers

from saltseg.errors import WeightsError
from saltseg.nets.blocks import basic_block
from saltseg.params import BackboneRow

PACKAGES: tuple[str, ...] = ()
_TIMES = (1, 2, 4, 8, 8)


def build(row: BackboneRow, side: int, channels: int) -> keras.Model:
    """Ten basic blocks; `stage1` to `stage5` end the stages."""
    x = inputs = layers.Input((side, side, channels))
    for stage, times in enumerate(_TIMES, start=1):
        filters = int(row.options["width"]) * times
        x = basic_block(x, filters, f"stage{stage}_down", strides=2)
        x = basic_block(x, filters, f"stage{stage}")
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
