"""Train one fold: from arrays to best weights, history and out-of-fold predictions."""

from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from saltseg.errors import DataError, TrainingError
from saltseg.nets.cost import NetworkCost, network_cost
from saltseg.nets.unet import served
from saltseg.objectives import LogLearningRate, make_decisions, make_phases
from saltseg.objectives.averages import exchange_averages
from saltseg.params import Params
from saltseg.scoring.prediction_files import OUT_OF_FOLD, UNSEEN, file_name
from saltseg.training.batches import TileBatches, TrainingBatches, is_constant
from saltseg.training.callbacks import (
    NotFiniteError,
    SaveStates,
    ScoreAverages,
    SeedEpochs,
    ShowProgress,
    StopOnNan,
)
from saltseg.training.fold_data import FoldData
from saltseg.training.runtime import feeding_threads
from saltseg.training.states import State, States, UnreadableStateError
from saltseg.training.trainee import Trainee, begin, prepare, seed_of


@dataclass(frozen=True)
class FoldResult:
    """What training one fold gives.

    Attributes:
        network: The U-Net with its best weights, without optimizer.
        history: One row per epoch: `epoch` (from 1), the losses and metrics, `learning_rate`.
        predictions: Of the best weights, (n, S, S) float32, by the name of their file
            (`scoring.prediction_files`): of the fold's own tiles, and of the hold-out, which may
            have none; plain, and the mean of a tile's and its mirror image's.
        cost: Size of the network.
    """

    network: keras.Model
    history: pd.DataFrame
    predictions: dict[str, NDArray[np.float32]]
    cost: NetworkCost


def train_fold(
    data: FoldData,
    params: Params,
    title: str,
    states: States,
    initial: Path | None = None,
    watchers: list[keras.callbacks.Callback] | None = None,
) -> FoldResult:
    """Train the U-Net of `params.backbone`; predict with its best weights what it never saw.

    Goes on after the last epoch in `states`; the result is that of a training never stopped.

    Args:
        data: The fold's tiles.
        params: All parameters.
        title: What the progress bar calls it.
        states: Where the state is saved after each epoch; they must be of this very training.
        initial: File with initial weights of the backbone; None for random ones.
        watchers: Further callbacks, for instance a live log.

    Raises:
        DataError: All tiles to train on are constant, and left out.
        TrainingError: The loss is not finite; the best weights so far are left in `states`.
        WeightsError: `initial` belongs to another network.
    """
    batches = _training_batches(data, params)
    model, state = _resume(data, params, initial, states, params.train.epochs * len(batches))
    if state.epoch:
        print(f"{title}: goes on after epoch {state.epoch}", flush=True)
    deciding = make_decisions(params.train)
    saving = SaveStates(states, state, deciding)
    try:
        with closing(ShowProgress(title, params.train.epochs, state.epoch)) as progress:
            watching = [StopOnNan(), progress, *(watchers or [])]
            callbacks = [SeedEpochs(batches), ScoreAverages(), LogLearningRate()]
            callbacks += [*deciding, *watching, saving]
            _fit(model, data, params, batches, callbacks, saving)
    except NotFiniteError as error:
        raise TrainingError(f"{error}; {_keep_best(model, saving.state, states)}") from None
    network = _best(model, saving.state, states)
    history = pd.DataFrame(saving.state.rows)
    history.insert(0, "epoch", np.arange(1, len(history) + 1))
    predictions = {}
    for name, tiles in ((OUT_OF_FOLD, data.held_out), (UNSEEN, data.unseen)):
        plain, mirrored = (
            _predict(network, data, tiles, params.train.batch_size, mirror)
            for mirror in (False, True)
        )
        predictions[file_name(name, flip=False)] = plain
        predictions[file_name(name, flip=True)] = np.float32(0.5) * (plain + mirrored[:, :, ::-1])
    return FoldResult(network, history, predictions, network_cost(network))


def _fit(
    model: Trainee,
    data: FoldData,
    params: Params,
    batches: TrainingBatches,
    callbacks: list[keras.callbacks.Callback],
    saving: SaveStates,
) -> None:
    """Train what is left of each phase; each begins as where a training was stopped."""
    held_out = TileBatches(data.images, data.masks, data.held_out, params.train.batch_size)
    for phase in make_phases(params.train, data.partly_labelled):
        if saving.state.stopped or saving.state.epoch >= phase.end:
            continue
        prepare(model, phase, params.train)
        model.fit(
            batches,
            validation_data=held_out,
            initial_epoch=saving.state.epoch,
            epochs=phase.end,
            shuffle=False,
            verbose=0,
            callbacks=callbacks,
        )


def _resume(
    data: FoldData, params: Params, initial: Path | None, states: States, steps: int
) -> tuple[Trainee, State]:
    """The network with its optimizer, as the last epoch left them or at the beginning."""
    side, channels = data.images.shape[1], data.images.shape[3]
    seed = seed_of(params.train.seed, data.fold)
    start = partial(begin, params, seed, side, channels, steps, initial)
    state, model = states.last(), start()
    if state.epoch:
        try:
            # The best one, too: it must be readable at the end.
            for epoch in (state.best, state.epoch):
                states.load(model, epoch)
        except UnreadableStateError as error:
            states.clear(str(error))
            state, model = State(), start()
    return model, state


def _training_batches(data: FoldData, params: Params) -> TrainingBatches:
    tiles = data.fitted
    if params.train.skip_constant:
        tiles = tiles[~is_constant(data.images, tiles, data.kinds)]
    if not len(tiles):
        raise DataError(
            "no tile is left to train on; set train.skip_constant to false, or lower split.holdout"
        )
    return TrainingBatches(
        data.images,
        data.masks,
        tiles,
        params.train.batch_size,
        seed=seed_of(params.train.seed, data.fold),
        augment=params.train.augment,
        kinds=data.kinds,
        threads=feeding_threads(params.train.threads),
    )


def _predict(
    network: keras.Model,
    data: FoldData,
    tiles: NDArray[np.int64],
    batch_size: int,
    mirror: bool,
) -> NDArray[np.float32]:
    """Probabilities of some tiles, or of their mirror images, (n, S, S)."""
    if not len(tiles):
        return np.empty((0, *data.masks.shape[1:3]), np.float32)
    images = data.images[:, :, ::-1] if mirror else data.images
    batches = TileBatches(images, data.masks, tiles, batch_size)
    probabilities: NDArray[np.float32] = network.predict(batches, verbose=0)[..., 0]
    return probabilities


def _best(model: keras.Model, state: State, states: States) -> keras.Model:
    """The network of the best epoch, as it was scored."""
    states.load(model, state.best)
    exchange_averages(model.optimizer)
    return served(model)


def _keep_best(model: keras.Model, state: State, states: States) -> str:
    """Leave the best weights so far where a user can load them, and say where."""
    if not state.epoch:
        return "no epoch was finished"
    path = states.folder / "best.weights.h5"
    _best(model, state, states).save_weights(path)
    return f"the best weights so far, of epoch {state.best}, are in {path}"
