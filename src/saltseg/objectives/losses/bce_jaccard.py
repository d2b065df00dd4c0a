"""Binary cross-entropy plus a soft Jaccard loss."""

import keras
from keras import ops


class BceJaccard(keras.losses.Loss):
    """Both over all pixels of the batch (Iglovikov and Shvets 2018, arXiv:1801.05746).

    loss = bce + 1 - (sum(y p) + 1) / (sum(y) + sum(p) - sum(y p) + 1).
    """

    def __init__(self, name: str = "bce_jaccard") -> None:
        """Make the loss; it is reduced to one number a batch by itself."""
        super().__init__(name=name, reduction=None)

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Loss of a batch; arguments and result as those of `bce_dice`."""
        y_true = ops.cast(y_true, y_pred.dtype)
        bce = ops.mean(keras.losses.binary_crossentropy(y_true, y_pred))
        overlap = ops.sum(y_true * y_pred)
        return bce + 1 - (overlap + 1) / (ops.sum(y_true) + ops.sum(y_pred) - overlap + 1)


def make() -> BceJaccard:
    """The loss, without options."""
    return BceJaccard()
