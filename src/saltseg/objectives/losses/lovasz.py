"""The symmetric Lovasz hinge: the IoU of salt and that of the rest, by tile."""

import keras
from keras import ops

_SURE = 1e-6
"""Probabilities nearer to 0 or 1 than this have no gradient."""


class Lovasz(keras.losses.Loss):
    """Mean of the Lovasz hinge of salt and that of what is not salt.

    Salt alone would leave a tile without any at the mercy of its single worst pixel.
    """

    def __init__(self, name: str = "lovasz") -> None:
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
        height, width = y_pred.shape[1:3]
        scores = ops.reshape(logits(y_pred), (-1, height * width))
        truth = ops.reshape(ops.cast(y_true, scores.dtype), (-1, height * width))
        return (lovasz_hinge(scores, truth) + lovasz_hinge(-scores, 1 - truth)) / 2


def logits(probabilities: keras.KerasTensor) -> keras.KerasTensor:
    """Log odds, -13.8 to 13.8, of the same shape."""
    p = ops.clip(probabilities, _SURE, 1 - _SURE)
    return ops.log(p) - ops.log(1 - p)


def lovasz_hinge(scores: keras.KerasTensor, truth: keras.KerasTensor) -> keras.KerasTensor:
    """Lovasz extension of the Jaccard loss, a mean over tiles.

    Source: Berman et al. 2018, arXiv:1705.08790, algorithm 1. The hinge is the smooth one,
    elu(1 - score) + 1 in place of max(0, 1 - score), so that pixels that are right still count.

    Args:
        scores: Log odds of each pixel, (B, P).
        truth: (B, P), 0 or 1.

    Returns:
        A scalar, at least 0.
    """
    errors = 1 - scores * (2 * truth - 1)
    largest_first, order = ops.top_k(errors, errors.shape[-1])
    ranked = ops.take_along_axis(truth, order, axis=-1)
    salt = ops.sum(ranked, axis=-1, keepdims=True)
    left = salt - ops.cumsum(ranked, axis=-1)
    union = salt + ops.cumsum(1 - ranked, axis=-1)
    jaccard = 1 - left / union
    steps = ops.concatenate([jaccard[:, :1], jaccard[:, 1:] - jaccard[:, :-1]], axis=-1)
    hinge = ops.elu(largest_first) + 1
    return ops.mean(ops.sum(hinge * ops.stop_gradient(steps), axis=-1))


def make() -> Lovasz:
    """The loss, without options."""
    return Lovasz()
