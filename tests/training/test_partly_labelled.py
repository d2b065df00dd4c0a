"""A survey of which a part is unlabelled, from PNG files to scores."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from saltseg.params import Params
from saltseg.scoring.predictions import Predicted
from saltseg.tiles.inputs.arrays import write_arrays
from saltseg.tiles.inputs.processed import read_processed
from saltseg.tiles.masks import UNLABELLED
from saltseg.tiles.reading.kaggle import read_kaggle
from saltseg.tiles.survey import save_survey
from saltseg.training.fit import train_fold
from saltseg.training.fold_data import FoldData
from saltseg.training.states import States
from tests.tiles.download import png, write
from tests.training.conftest import COUNT, FOLDS, SIDE


def gaps() -> np.ndarray:
    """Which pixels of each tile nobody has labelled: some rows, of every fourth tile none."""
    rows = np.random.default_rng(3).integers(3, 20, COUNT) * (np.arange(COUNT) % 4 > 0)
    return np.broadcast_to(np.arange(SIDE)[:, None] < rows[:, None, None], (COUNT, SIDE, SIDE))


def read(folder: Path, images: np.ndarray, levels: np.ndarray, params: Params) -> FoldData:
    """Tiles written as PNG files, and read as the pipeline does."""
    for tile, (image, mask) in enumerate(zip(images, levels, strict=True)):
        write(folder, f"train/images/{tile:02}.png", png(image))
        write(folder, f"train/masks/{tile:02}.png", png(mask))
    save_survey(read_kaggle(folder), folder / "survey")
    write_arrays(folder / "survey", folder / "processed", params.preprocess)
    return FoldData.of(read_processed(folder / "processed", params.preprocess), FOLDS, 1)


def test_loss_and_scores_are_those_of_the_labelled_pixels(
    eager: None, data: FoldData, small: Params, tmp_path: Path
) -> None:
    """Counted by themselves, and whatever is found elsewhere."""
    once = small.model_copy(update={"train": small.train.model_copy(update={"epochs": 1})})
    levels = np.where(gaps(), 128, 255 * data.masks[..., 0]).astype(np.uint8)
    tiles = read(tmp_path, data.images[..., 0], levels, small)
    assert tiles.partly_labelled
    assert not data.partly_labelled
    np.testing.assert_array_equal(tiles.masks[..., 0] == UNLABELLED, gaps())
    result = train_fold(tiles, once, "plain", States(tmp_path / "states"))
    held_out, found = data.held_out, result.predictions["oof.npy"]
    known = ~gaps()[held_out]
    truth = data.masks[held_out, ..., 0][known].astype(float)
    p = found[known].astype(float)
    bce = -np.mean(np.log(np.where(truth > 0, p, 1 - p)))
    dice = (2 * (truth * p).sum() + 1) / (truth.sum() + p.sum() + 1)
    assert result.history["val_loss"][0] == pytest.approx(bce + 1 - dice, rel=1e-4)
    scores = [
        Predicted(
            pd.DataFrame({"id": held_out, "fold": 1}),
            probabilities,
            data.images[held_out, ..., 0],
            tiles.masks[held_out, ..., 0],
        ).scored(0.5)
        for probabilities in (found, np.where(known, found, 1 - found))
    ]
    pd.testing.assert_frame_equal(*scores)
    assert result.history["val_map_iou"][0] == pytest.approx(scores[0]["map_iou"].mean())
    assert (scores[0]["tp"] + scores[0]["fn"]).sum() == truth.sum()
