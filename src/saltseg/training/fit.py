"""Train one fold: from arrays to best weights, history and out-of-fold predictions."""

from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from saltseg.errors import DataError
from saltseg.nets.cost import Cost, network_cost
from saltseg.nets.losses import BceDice
from saltseg.nets.metrics import training_metrics
from saltseg.nets.unet import build_unet
from saltseg.params import Params, backbone_row
from saltseg.training.batches import TileBatches, TrainingBatches
from saltseg.training.callbacks import SeedEpochs, ShowProgress, StopOnNan, decisions

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class FoldData:
    """The tiles of one fold.

    Attributes:
        images: All tiles, (N, S, S, C) uint8.
        masks: All masks, (N, S, S, 1) uint8, 0 or 1.
        fitted: Indices of the tiles to train on.
        held_out: Indices of the fold's own tiles, never trained on.
    """

    images: Bytes
    masks: Bytes
    fitted: NDArray[np.int64]
    held_out: NDArray[np.int64]

    @classmethod
    def of(cls, images: Bytes, masks: Bytes, folds: pd.DataFrame, fold: int) -> "FoldData":
        """Select fold `fold` of the fold table.

        Raises:
            DataError: The table does not fit the arrays, or has no such fold.
        """
        if len(images) != len(folds):
            raise DataError(
                f"{len(images)} tiles, but the fold table has {len(folds)}; run `dvc repro`"
            )
        own = folds["fold"].to_numpy() == fold
        if not own.any():
            known = f"0..{folds['fold'].max()}"
            raise DataError(f"fold {fold} is not in the fold table, which has {known}")
        return cls(images, masks, np.flatnonzero(~own), np.flatnonzero(own))


@dataclass(frozen=True)
class FoldResult:
    """What training one fold gives.

    Attributes:
        history: One row per epoch: `epoch` (from 1), the losses and metrics, `learning_rate`.
        probabilities: Out-of-fold predictions of the best weights, (n, S, S) float32.
        cost: Size of the network.
    """

    history: pd.DataFrame
    probabilities: NDArray[np.float32]
    cost: Cost


def train_fold(
    data: FoldData,
    params: Params,
    title: str,
    best_weights: Path,
    initial: Path | None = None,
    watchers: list[keras.callbacks.Callback] | None = None,
) -> FoldResult:
    """Train the U-Net of `params.backbone` and predict the held-out tiles with its best weights.

    Args:
        data: The fold's tiles.
        params: All parameters.
        title: What the progress bar calls it.
        best_weights: Where the best weights go, `.weights.h5`.
        initial: File with initial weights of the backbone; None for random ones.
        watchers: Further callbacks, for instance a live log.

    Raises:
        TrainingError: The loss is not finite.
        WeightsError: `initial` belongs to another network.
    """
    options = params.train
    model = _compiled(params, data, initial)
    batches = TrainingBatches(
        data.images,
        data.masks,
        data.fitted,
        options.batch_size,
        seed=params.seed,
        augment=options.augment,
        bright_channels=[
            c for c, name in enumerate(params.preprocess.channels) if name == "intensity"
        ],
    )
    held_out = TileBatches(data.images, data.masks, data.held_out, options.batch_size)
    watching = [SeedEpochs(batches), StopOnNan(), ShowProgress(title), *(watchers or [])]
    fitted = model.fit(
        batches,
        validation_data=held_out,
        epochs=options.epochs,
        shuffle=False,
        verbose=0,
        callbacks=[*decisions(options, best_weights), *watching],
    )
    history = pd.DataFrame(fitted.history)
    history.insert(0, "epoch", np.arange(1, len(history) + 1))
    model.load_weights(best_weights)
    probabilities = model.predict(held_out, verbose=0)[..., 0]
    return FoldResult(history, probabilities, network_cost(model))


def _compiled(params: Params, data: FoldData, initial: Path | None) -> keras.Model:
    side, channels = data.images.shape[1], data.images.shape[3]
    model = build_unet(backbone_row(params.backbone), side, channels, params.model, initial)
    model.compile(
        optimizer=keras.optimizers.Adam(params.train.learning_rate),
        loss=BceDice(),
        metrics=training_metrics(),
        jit_compile=params.train.jit_compile,
    )
    return model
