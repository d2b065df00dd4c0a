"""What outputs besides the salt probability do to loss and scores."""

from typing import Any

import keras
import numpy as np
import pytest
from keras import ops

from saltseg.nets.metrics import training_metrics
from saltseg.objectives.pixels import PixelLoss
from saltseg.tiles.masks import UNLABELLED
from saltseg.training.trainee import SHARE, Trainee


class Given(keras.layers.Layer):
    """Gives what it was told, whatever it sees."""

    def __init__(self, value: np.ndarray) -> None:
        super().__init__()
        self._value = value

    def call(self, inputs: keras.KerasTensor) -> keras.KerasTensor:
        return ops.broadcast_to(
            ops.convert_to_tensor(self._value), (ops.shape(inputs)[0], *self._value.shape)
        )

    def compute_output_shape(self, shape: tuple) -> tuple:
        return (shape[0], *self._value.shape)


class Nothing(PixelLoss):
    """A loss that the further outputs are seen beside."""

    def of(self, truth: Any, found: Any, labelled: Any) -> Any:
        return 0 * ops.sum(found)


def test_each_further_output_has_a_share_in_the_loss_and_none_in_scores() -> None:
    inputs = keras.Input((4, 4, 1), dtype="uint8")
    found = np.full((4, 4, 1), 0.75, np.float32)
    coarse = np.array([[0.5, 0.25], [0.25, 0.25]], np.float32)[..., None]
    further = [np.full((1, 1, 1), 0.9, np.float32), coarse]
    model = Trainee(inputs, [Given(value)(inputs) for value in (found, *further)])
    model.compile(loss="mean_squared_error", metrics=training_metrics())
    # A quarter of the tile is salt, half of its upper left quarter that.
    mask = np.zeros((1, 4, 4, 1), np.uint8)
    mask[0, :, 0] = 1
    mask[0, 2:, 0] = 0
    images = np.zeros((1, 4, 4, 1), np.uint8)
    scores = model.evaluate(images, mask, verbose=0, return_dict=True)
    squares = (2 * 0.25**2 + 14 * 0.75**2) / 16
    # Cross-entropy of the pooled mask: 0.5 in one quarter, 0 in three.
    any_salt, quarters = -np.log(0.9), (-np.log(0.5) - 3 * np.log(0.75)) / 4
    assert scores["loss"] == pytest.approx(squares + SHARE * (any_salt + quarters), rel=1e-5)
    assert scores["iou"] == pytest.approx(2 / 16)
    assert set(scores) == {"loss", "iou", "map_iou"}


def test_further_outputs_learn_from_what_is_labelled() -> None:
    """A part of tile 0 is unlabelled, and most of tile 1, which may hold salt or not."""
    inputs = keras.Input((4, 4, 1), dtype="uint8")
    coarse = np.array([[0.5, 0.25], [0.25, 0.25]], np.float32)[..., None]
    further = [np.full((1, 1, 1), 0.9, np.float32), coarse]
    outputs = [np.full((4, 4, 1), 0.75, np.float32), *further]
    model = Trainee(inputs, [Given(value)(inputs) for value in outputs])
    model.compile(loss=Nothing("nothing", partly_labelled=True))
    masks = np.zeros((2, 4, 4, 1), np.uint8)
    masks[0, :2, 0], masks[0, :2, 1] = 1, UNLABELLED
    masks[0, 2:, 2:] = UNLABELLED
    masks[1, :, 1:] = UNLABELLED
    images = np.zeros(masks.shape, np.uint8)
    loss = model.evaluate(images, masks, verbose=0)
    # Half of the first quarter of tile 0 is known, and salt; the next two are known and have none,
    # of the last nothing is. Of tile 1 the left quarters are half known, without salt.
    first, sure = -np.log(0.5), -np.log(0.75)
    quarters = (0.5 * first + sure + sure + 0.5 * first + 0.5 * sure) / (0.5 + 1 + 1 + 0.5 + 0.5)
    assert loss == pytest.approx(SHARE * (-np.log(0.9) + quarters), rel=1e-5)
