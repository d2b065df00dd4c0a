"""One small fold to train, shared by the tests of training."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pandas as pd
import pytest

from saltseg.params import Params
from saltseg.tiles.inputs.native import Native
from saltseg.tiles.inputs.processed import Kind, Processed
from tests.conftest import Changed

if TYPE_CHECKING:
    from saltseg.training.fold_data import FoldData

COUNT, SIDE = 24, 32
FOLDS = pd.DataFrame({"fold": np.arange(COUNT) % 4})


@pytest.fixture(scope="module")
def data() -> "FoldData":
    """Tiles with a bright disc where the salt is, every third one without; fold 1 is held out."""
    from saltseg.training.fold_data import FoldData

    random = np.random.default_rng(0)
    images = random.integers(0, 100, (COUNT, SIDE, SIDE, 1), np.uint8)
    masks = np.zeros_like(images)
    for tile in range(COUNT):
        if tile % 3:
            x, y = random.integers(8, 24, 2).tolist()
            cv2.circle(masks[tile], (x, y), 7, 1, thickness=-1)
    return FoldData.of(processed(images + 120 * masks, masks), FOLDS, 1)


def processed(images: np.ndarray, masks: np.ndarray) -> Processed:
    """Tiles whose channels all hold grey levels."""
    kinds: list[Kind] = ["grey"] * images.shape[-1]
    return Processed(images, masks, kinds, Native(height=SIDE, width=SIDE))


SMALL = {
    "backbone": "plain",
    "preprocess.side": SIDE,
    "preprocess.channels": ["intensity"],
    "model.decoder_filters": [8, 8, 8, 8, 8],
    "train.epochs": 2,
    "train.batch_size": 8,
    "train.learning_rate": 0.003,
    "train.schedule": "plateau",
}


@pytest.fixture(scope="module")
def small(changed: Changed) -> Params:
    return changed(SMALL)


@pytest.fixture
def eager(engine: None) -> Iterator[None]:
    """Runs without tracing a graph, which would take longer than these few steps."""
    import tensorflow as tf

    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.fixture(autouse=True)
def _prepared(engine: None) -> None:
    """Every test here computes with Keras."""
