"""The symmetric Lovasz hinge: the IoU of salt and that of the rest, by tile."""

import keras
from keras import ops

from saltseg.objectives.pixels import PixelLoss

_SURE = 1e-6
"""Probabilities nearer to 0 or 1 than this have no gradient."""

_BELOW_ALL = -100.0
"""An error smaller than any that log odds of such probabilities can give."""


class Lovasz(PixelLoss):
    """Mean of the Lovasz hinge of salt and that of what is not salt.

    Salt alone would leave a tile without any at the mercy of its single worst pixel.
    """

    def of(
        self,
        truth: keras.KerasTensor,
        found: keras.KerasTensor,
        labelled: keras.KerasTensor | None,
    ) -> keras.KerasTensor:
        """Loss of a batch; arguments and result as those of `PixelLoss`."""
        height, width = found.shape[1:3]
        flat = (-1, height * width)
        scores, truth = ops.reshape(logits(found), flat), ops.reshape(truth, flat)
        if labelled is not None:
            labelled = ops.reshape(labelled, flat)
        salt = lovasz_hinge(scores, truth, labelled)
        return (salt + lovasz_hinge(-scores, 1 - truth, labelled)) / 2


def logits(probabilities: keras.KerasTensor) -> keras.KerasTensor:
    """Log odds, -13.8 to 13.8, of the same shape."""
    p = ops.clip(probabilities, _SURE, 1 - _SURE)
    return ops.log(p) - ops.log(1 - p)


def lovasz_hinge(
    scores: keras.KerasTensor,
    truth: keras.KerasTensor,
    labelled: keras.KerasTensor | None = None,
) -> keras.KerasTensor:
    """Lovasz extension of the Jaccard loss, a mean over tiles.

    Source: Berman et al. 2018, arXiv:1705.08790, algorithm 1. The hinge is the smooth one,
    elu(1 - score) + 1 in place of max(0, 1 - score), so that pixels that are right still count.

    Args:
        scores: Log odds of each pixel, (B, P).
        truth: (B, P), 0 or 1.
        labelled: (B, P), 1 where labelled, else 0; None = all are.

    Returns:
        A scalar, at least 0.
    """
    errors = 1 - scores * (2 * truth - 1)
    if labelled is not None:
        # They come last, where all of the class has been met: there the IoU stays what it is.
        truth = truth * labelled
        errors = ops.where(labelled > 0, errors, _BELOW_ALL)
    largest_first, order = ops.top_k(errors, errors.shape[-1])
    ranked = ops.take_along_axis(truth, order, axis=-1)
    salt = ops.sum(ranked, axis=-1, keepdims=True)
    left = salt - ops.cumsum(ranked, axis=-1)
    union = salt + ops.cumsum(1 - ranked, axis=-1)
    jaccard = 1 - left / union
    steps = ops.concatenate([jaccard[:, :1], jaccard[:, 1:] - jaccard[:, :-1]], axis=-1)
    hinge = ops.elu(largest_first) + 1
    return ops.mean(ops.sum(hinge * ops.stop_gradient(steps), axis=-1))


def make(partly_labelled: bool = False) -> Lovasz:
    """The loss, without options."""
    return Lovasz("lovasz", partly_labelled)
