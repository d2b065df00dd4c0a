"""The loss of the original notebook: binary cross-entropy plus Dice."""

import keras
from keras import ops


class BceDice(keras.losses.Loss):
    """Binary cross-entropy plus Dice loss, both over all pixels of the batch.

    loss = bce + 1 - (2 sum(y p) + 1) / (sum(y) + sum(p) + 1). The ones keep an empty batch with
    an empty prediction at a Dice loss of zero (Milletari et al. 2016, arXiv:1606.04797).
    """

    def __init__(self, name: str = "bce_dice") -> None:
        """Make the loss; it is reduced to one number a batch by itself."""
        super().__init__(name=name, reduction=None)

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Loss of a batch.

        Args:
            y_true: (B, S, S, 1), 0 or 1.
            y_pred: (B, S, S, 1), probabilities.

        Returns:
            A scalar, at least 0.
        """
        y_true = ops.cast(y_true, y_pred.dtype)
        bce = ops.mean(keras.losses.binary_crossentropy(y_true, y_pred))
        overlap = 2 * ops.sum(y_true * y_pred) + 1
        return bce + 1 - overlap / (ops.sum(y_true) + ops.sum(y_pred) + 1)


def make() -> BceDice:
    """The loss, without options."""
    return BceDice()
