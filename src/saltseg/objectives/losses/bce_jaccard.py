"""Binary cross-entropy plus a soft Jaccard loss."""

import keras
from keras import ops

from saltseg.objectives.pixels import PixelLoss, mean_over


class BceJaccard(PixelLoss):
    """Both over all pixels of the batch (Iglovikov and Shvets 2018, arXiv:1801.05746).

    loss = bce + 1 - (sum(y p) + 1) / (sum(y) + sum(p) - sum(y p) + 1).
    """

    def of(
        self,
        truth: keras.KerasTensor,
        found: keras.KerasTensor,
        labelled: keras.KerasTensor | None,
    ) -> keras.KerasTensor:
        """Loss of a batch; arguments and result as those of `PixelLoss`."""
        bce = mean_over(keras.losses.binary_crossentropy(truth, found), labelled)
        overlap = ops.sum(truth * found)
        return bce + 1 - (overlap + 1) / (ops.sum(truth) + ops.sum(found) - overlap + 1)


def make(partly_labelled: bool = False) -> BceJaccard:
    """The loss, without options."""
    return BceJaccard("bce_jaccard", partly_labelled)
