"""A network as it is trained: some of its outputs serve its loss alone."""

from typing import Any

import keras
from keras import ops

SHARE = 0.1
"""Weight of each further output beside the loss of the salt probability."""


class Trainee(keras.Model):
    """A U-Net whose first output is what counts: scores look at no other.

    Each further output adds `SHARE` times its binary cross-entropy: one of side 1 against whether
    the tile holds any salt, one of another side against the mask averaged down to it.
    """

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> Any:
        """Loss of a batch; arguments and result as those of Keras."""
        first, *further = keras.tree.flatten(y_pred)
        loss = super().compute_loss(x, y, first, sample_weight, training)
        for output in further:
            truth = _at_side(ops.cast(y, output.dtype), output.shape[1])
            loss += SHARE * ops.mean(keras.losses.binary_crossentropy(truth, output))
        return loss

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Scores of a batch; arguments and result as those of Keras."""
        return super().compute_metrics(x, y, keras.tree.flatten(y_pred)[0], sample_weight)


def _at_side(masks: Any, side: int) -> Any:
    """Masks (B, S, S, 1) at another side, (B, side, side, 1)."""
    if side == 1:
        return ops.max(masks, axis=(1, 2), keepdims=True)
    return ops.average_pool(masks, masks.shape[1] // side)
