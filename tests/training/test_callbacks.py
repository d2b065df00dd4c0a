"""The callbacks that decide, on a network of one weight and scores that are made up."""

from pathlib import Path

import keras
import numpy as np
import pytest

from saltseg.objectives import make_decisions
from saltseg.params import EarlyStopping, Params, Plateau, Train
from saltseg.training.callbacks import CheckInputs, SaveStates
from saltseg.training.states import State, States


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


def run(
    options: Train, scores: list[float], folder: Path, began: State | None = None
) -> tuple[list[float], float]:
    """Learning rate of each epoch trained, and the weight of the best epoch.

    Args:
        options: Patience and the like.
        scores: One for each epoch.
        folder: For the states.
        began: Go on from this state.
    """
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.compile(keras.optimizers.SGD(0.08), "mse", run_eagerly=True)
    watcher, states, began = Scores(scores), States(folder), began or State()
    if began.epoch:
        states.load(model, began.epoch)
    ones = np.ones((1, 1), np.float32)
    deciding = make_decisions(options)
    callbacks = [watcher, *deciding, SaveStates(states, began, deciding)]
    model.fit(
        ones,
        ones,
        initial_epoch=began.epoch,
        epochs=began.epoch if began.stopped else len(scores),
        verbose=0,
        callbacks=callbacks,
    )
    states.load(model, states.last().best)
    return watcher.rates, float(model.get_weights()[0][0, 0])


@pytest.fixture
def options(params: Params) -> Train:
    return params.train.model_copy(
        update={
            "schedule": "plateau",
            "plateau": Plateau(factor=0.5, patience=2, min_learning_rate=0.03),
            "early_stopping": EarlyStopping(patience=5),
        }
    )


def test_best_weights_are_those_of_the_highest_score(options: Train, tmp_path: Path) -> None:
    _, best = run(options, [0.3, 0.7, 0.5, 0.7, 0.1], tmp_path)
    assert best == 2


@pytest.mark.parametrize("stop", range(1, 9))
def test_decisions_go_on_as_if_never_stopped(options: Train, tmp_path: Path, stop: int) -> None:
    """The rate falls after epochs 3 and 5, the best is epoch 2, and patience ends after epoch 7."""
    scores = [0.3, 0.5, 0.4, 0.4, 0.4, 0.2, 0.1, 0.1, 0.1]
    rates, best = run(options, scores, tmp_path / "whole")
    before, _ = run(options, scores[:stop], tmp_path / "torn")
    after, same = run(options, scores, tmp_path / "torn", States(tmp_path / "torn").last())
    assert before + after == rates
    assert same == best == 2
    whole = States(tmp_path / "whole").last()
    assert States(tmp_path / "torn").last() == whole
    assert (whole.epoch, whole.best, whole.stopped) == (7, 2, True)


def test_weights_are_saved_even_where_nothing_ever_scores(options: Train, tmp_path: Path) -> None:
    _, best = run(options, [0.0, 0.0], tmp_path)
    assert best == 1


def test_rate_falls_where_the_score_does_not_rise(options: Train, tmp_path: Path) -> None:
    rates, _ = run(options, [0.5, 0.6, 0.6, 0.4, 0.9, 1.0], tmp_path)
    # Two epochs without a better score, then half the rate from the next one on.
    assert rates == [0.08, 0.08, 0.08, 0.08, 0.04, 0.04]


def test_rate_falls_to_its_floor_and_training_stops_early(options: Train, tmp_path: Path) -> None:
    rates, best = run(options, [0.5] + [0.4] * 9, tmp_path)
    assert rates == [0.08, 0.08, 0.08, 0.04, 0.04, 0.03]
    assert best == 1


def test_inputs_are_looked_at_once_a_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter((0, 10, 59, 61, 61, 100, 120, 122, 122))
    monkeypatch.setattr("saltseg.training.callbacks.time.monotonic", lambda: next(clock))
    looked = []
    looking = CheckInputs(lambda: looked.append(epoch))
    looking.on_train_begin()
    for epoch in range(6):
        looking.on_epoch_begin(epoch)
    assert looked == [2, 5]
    assert not list(clock)
