"""A network as it is trained: some of its outputs serve its loss alone."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import ops

from saltseg.backbones import backbone_row
from saltseg.nets.metrics import training_metrics
from saltseg.nets.unet import build_unet
from saltseg.objectives import Phase, make_optimizer
from saltseg.objectives.pixels import PixelLoss, mean_over
from saltseg.params import Params, Train
from saltseg.tiles.masks import SALT, UNLABELLED

SHARE = 0.1
"""Weight of each further output beside the loss of the salt probability."""


class Trainee(keras.Model):
    """A U-Net whose first output is what counts: scores look at no other.

    Each further output adds `SHARE` times its binary cross-entropy: one of side 1 against whether
    the tile holds any salt, one of another side against the mask averaged down to it.
    Unlabelled pixels have no part in either, where the loss leaves them out.
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
        partly_labelled = isinstance(self.loss, PixelLoss) and self.loss.partly_labelled
        for output in further:
            if partly_labelled:
                truth, known = _known_at_side(y, output.shape[1], output.dtype)
            else:
                truth, known = _at_side(ops.cast(y, output.dtype), output.shape[1]), None
            loss += SHARE * mean_over(keras.losses.binary_crossentropy(truth, output), known)
        return loss

    def compute_metrics(self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None) -> Any:
        """Scores of a batch; arguments and result as those of Keras."""
        return super().compute_metrics(x, y, keras.tree.flatten(y_pred)[0], sample_weight)


def _at_side(masks: Any, side: int) -> Any:
    """Masks (B, S, S, 1) at another side, (B, side, side, 1)."""
    if side == 1:
        return ops.max(masks, axis=(1, 2), keepdims=True)
    cell = masks.shape[1] // side
    # Without strides Keras fails on JAX.
    return ops.average_pool(masks, cell, strides=cell)


def _known_at_side(masks: Any, side: int, dtype: str) -> tuple[Any, Any]:
    """The same as far as pixels are labelled, and how much of it is known, 0 to 1.

    Whether a tile holds any salt is known where there is some, or all is labelled.
    """
    salt = _at_side(ops.cast(ops.equal(masks, SALT), dtype), side)
    unlabelled = _at_side(ops.cast(ops.equal(masks, UNLABELLED), dtype), side)
    if side == 1:
        return salt, ops.maximum(salt, 1 - unlabelled)
    known = 1 - unlabelled
    return salt / ops.maximum(known, keras.config.epsilon()), known


def seed_of(seed: int, fold: int) -> int:
    """The seed of a fold, so that folds don't all begin with the same numbers; below 2**32."""
    return int(np.random.SeedSequence((seed, fold)).generate_state(1)[0])


def begin(
    params: Params, seed: int, side: int, channels: int, steps: int, initial: Path | None = None
) -> Trainee:
    """The network of a training at its beginning, with its optimizer; `prepare` compiles it.

    Args:
        params: All parameters.
        seed: Fixes random weights and dropout.
        side: Of the input, pixels.
        channels: Of the input.
        steps: Of the whole training.
        initial: File with initial weights; see `build_unet`.

    Raises:
        WeightsError: `initial` belongs to another network.
    """
    keras.utils.set_random_seed(seed)
    row, precision = backbone_row(params.backbone), params.train.precision
    network = build_unet(row, side, channels, params.model, initial, precision)
    model = Trainee(network.inputs, network.output, name=network.name)
    encoder = model.get_layer("encoder").trainable_variables
    model.compile(make_optimizer(params.train, steps, encoder))
    # Else its slots are made within the first step, which TensorFlow then traces twice.
    model.optimizer.build(model.trainable_variables)
    return model


def prepare(model: Trainee, phase: Phase, options: Train) -> None:
    """Compile a network for a phase; its optimizer goes on."""
    model.get_layer("encoder").trainable = not phase.frozen
    model.compile(
        optimizer=model.optimizer,
        loss=phase.loss,
        metrics=training_metrics(),
        # Without its compiler JAX takes many times as long.
        jit_compile=options.jit_compile or options.engine == "jax",
    )
