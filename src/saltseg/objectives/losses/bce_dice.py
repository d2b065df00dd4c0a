"""The loss of the original notebook: binary cross-entropy plus Dice."""

import keras
from keras import ops

from saltseg.objectives.pixels import PixelLoss, mean_over


class BceDice(PixelLoss):
    """Binary cross-entropy plus Dice loss, both over all pixels of the batch.

    loss = bce + 1 - (2 sum(y p) + 1) / (sum(y) + sum(p) + 1). The ones keep an empty batch with
    an empty prediction at a Dice loss of zero (Milletari et al. 2016, arXiv:1606.04797).
    """

    def of(
        self,
        truth: keras.KerasTensor,
        found: keras.KerasTensor,
        labelled: keras.KerasTensor | None,
    ) -> keras.KerasTensor:
        """Loss of a batch; arguments and result as those of `PixelLoss`."""
        bce = mean_over(keras.losses.binary_crossentropy(truth, found), labelled)
        overlap = 2 * ops.sum(truth * found) + 1
        return bce + 1 - overlap / (ops.sum(truth) + ops.sum(found) + 1)


def make(partly_labelled: bool = False) -> BceDice:
    """The loss, without options."""
    return BceDice("bce_dice", partly_labelled)
