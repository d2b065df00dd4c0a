"""Losses over the pixels of a batch, of which some may be unlabelled."""

from typing import Any

import keras
from keras import ops

from saltseg.tiles.masks import UNLABELLED


class PixelLoss(keras.losses.Loss):
    """One number a batch, which unlabelled pixels have no part in.

    Attributes:
        partly_labelled: Whether masks may have such pixels. Where none has, nothing is computed for
            them, so that the loss is to the last bit that of before there were any.
    """

    def __init__(self, name: str, partly_labelled: bool = False) -> None:
        """Make the loss; it is reduced to one number a batch by itself."""
        super().__init__(name=name, reduction=None)
        self.partly_labelled = partly_labelled

    def call(self, y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
        """Loss of a batch.

        Args:
            y_true: (B, S, S, 1), values as in `tiles.masks`.
            y_pred: (B, S, S, 1), probabilities.

        Returns:
            A scalar, at least 0; without gradient at unlabelled pixels.
        """
        if not self.partly_labelled:
            return self.of(ops.cast(y_true, y_pred.dtype), y_pred, None)
        labelled = ops.not_equal(y_true, UNLABELLED)
        # For sums over salt a pixel without any, and none predicted, is as good as none.
        truth, found = (
            ops.where(labelled, ops.cast(one, y_pred.dtype), 0.0) for one in (y_true, y_pred)
        )
        return self.of(truth, found, ops.cast(labelled, y_pred.dtype))

    def of(
        self,
        truth: keras.KerasTensor,
        found: keras.KerasTensor,
        labelled: keras.KerasTensor | None,
    ) -> keras.KerasTensor:
        """Loss of a batch whose unlabelled pixels are told apart.

        Args:
            truth: (B, S, S, 1), 0 or 1; 0 where unlabelled.
            found: (B, S, S, 1), probabilities; 0, and without gradient, where unlabelled.
            labelled: (B, S, S, 1), 1 where labelled, else 0; None = all are.

        Returns:
            A scalar, at least 0.
        """
        raise NotImplementedError


def mean_over(values: Any, labelled: Any) -> Any:
    """Mean over labelled pixels.

    Args:
        values: (B, S, S).
        labelled: How much each counts, (B, S, S, 1), 0 to 1; None = all the same.

    Returns:
        A scalar; 0 where nothing is labelled.
    """
    if labelled is None:
        return ops.mean(values)
    weights = labelled[..., 0]
    return ops.sum(values * weights) / ops.maximum(ops.sum(weights), keras.config.epsilon())
