"""The callbacks that decide, on a network of one weight and scores that are made up."""

from pathlib import Path

import keras
import numpy as np
import pytest

from saltseg.params import EarlyStopping, Params, Plateau, Train
from saltseg.training.callbacks import decisions


class Scores(keras.callbacks.Callback):
    """Gives each epoch its score, sets the weight to the epoch, and notes the learning rate."""

    def __init__(self, scores: list[float]) -> None:
        super().__init__()
        self._scores = scores
        self.rates: list[float] = []

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        logs["val_map_iou"] = self._scores[epoch]
        self.model.set_weights([np.array([[epoch + 1.0]])])
        self.rates.append(round(float(self.model.optimizer.learning_rate), 6))


def run(options: Train, scores: list[float], path: Path) -> tuple[list[float], float]:
    """Learning rate of each epoch trained, and the weight that was saved as the best."""
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.08), "mse", run_eagerly=True)
    watcher = Scores(scores)
    ones = np.ones((1, 1), np.float32)
    callbacks = [watcher, *decisions(options, path)]
    model.fit(ones, ones, epochs=len(scores), verbose=0, callbacks=callbacks)
    model.load_weights(path)
    return watcher.rates, float(model.get_weights()[0][0, 0])


@pytest.fixture
def options(params: Params) -> Train:
    return params.train.model_copy(
        update={
            "plateau": Plateau(factor=0.5, patience=2, min_learning_rate=0.03),
            "early_stopping": EarlyStopping(patience=5),
        }
    )


def test_best_weights_are_those_of_the_highest_score(options: Train, tmp_path: Path) -> None:
    _, best = run(options, [0.3, 0.7, 0.5, 0.7, 0.1], tmp_path / "best.weights.h5")
    assert best == 2


def test_weights_are_saved_even_where_nothing_ever_scores(options: Train, tmp_path: Path) -> None:
    _, best = run(options, [0.0, 0.0], tmp_path / "best.weights.h5")
    assert best == 1


def test_rate_falls_where_the_score_does_not_rise(options: Train, tmp_path: Path) -> None:
    rates, _ = run(options, [0.5, 0.6, 0.6, 0.4, 0.9, 1.0], tmp_path / "best.weights.h5")
    # Two epochs without a better score, then half the rate from the next one on.
    assert rates == [0.08, 0.08, 0.08, 0.08, 0.04, 0.04]


def test_rate_falls_to_its_floor_and_training_stops_early(options: Train, tmp_path: Path) -> None:
    rates, best = run(options, [0.5] + [0.4] * 9, tmp_path / "best.weights.h5")
    assert rates == [0.08, 0.08, 0.08, 0.04, 0.04, 0.03]
    assert best == 1
