"""The out-of-fold predictions of one backbone, put together from its folds."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from saltseg.errors import DataError
from saltseg.scoring.competition import count_pixels, tile_scores
from saltseg.tiles.folds import read_folds
from saltseg.tiles.survey import read_array, read_labelled, read_table


@dataclass(frozen=True)
class OutOfFold:
    """Each scored tile with the prediction of the network that never saw it.

    Attributes:
        tiles: One row per scored tile, fold by fold: `id`, `fold`, `coverage_class`, `coverage`,
            `index` (its place in the survey).
        probabilities: (n, H, W) float16, in the order of `tiles`.
        curves: One row per fold and epoch: `fold`, `epoch`, losses, metrics, learning rate.
        cost: `parameters` and `gflops` of the network.
        images: All tiles of the survey, (N, H, W) uint8.
        masks: All masks of the survey, (N, H, W) uint8, 0 or 1.
    """

    tiles: pd.DataFrame
    probabilities: NDArray[np.float16]
    curves: pd.DataFrame
    cost: dict[str, float]
    images: NDArray[np.uint8]
    masks: NDArray[np.uint8]

    def scored(self, threshold: float) -> pd.DataFrame:
        """Scores of each tile, at native size.

        Args:
            threshold: Probability above which a pixel counts as salt.

        Returns:
            `id`, `fold`, `coverage_class`, `coverage`, `tp`, `fp`, `fn`, `iou`, `map_iou`,
            `dice`, one row per tile.
        """
        counts = count_pixels(self.masks[self.tiles["index"]], self.probabilities > threshold)
        columns = [self.tiles.drop(columns="index"), counts, tile_scores(counts).round(6)]
        return pd.concat(columns, axis=1)


def read_out_of_fold(models: Path, survey: Path, folds: Path, wanted: Sequence[int]) -> OutOfFold:
    """Read what training wrote, for the wanted folds only; others may lie there from before.

    Args:
        models: Folder with `fold-k` folders.
        survey: Folder of the survey.
        folds: Fold table.
        wanted: Folds to read.

    Raises:
        DataError: A file is missing, or does not fit the fold table.
    """
    table = read_folds(folds)
    tiles, images, masks = read_labelled(survey)
    if table["id"].tolist() != tiles["id"].tolist():
        raise DataError(f"{folds}: holds other tiles than {survey}/tiles.csv; run `dvc repro`")
    table = table.assign(coverage=tiles["coverage"], index=np.arange(len(table)))
    rows, probabilities, curves, cost = [], [], [], {}
    for fold in wanted:
        folder = models / f"fold-{fold}"
        own = table[table["fold"] == fold]
        predicted = read_array(folder / "oof.npy", np.float16)
        expected = (len(own), *masks.shape[1:])
        if predicted.shape != expected:
            raise DataError(
                f"{folder}/oof.npy: predictions {predicted.shape}, but the fold's tiles are "
                f"{expected}; run `dvc repro`"
            )
        rows.append(own)
        probabilities.append(predicted)
        history = read_table(folder / "history.csv", ("epoch",))
        try:
            cost = json.loads((folder / "network.json").read_text())
        except (OSError, ValueError, RecursionError) as error:
            raise DataError(f"{folder}/network.json: {error}; run `dvc repro`") from None
        history.insert(0, "fold", fold)
        curves.append(history)
    return OutOfFold(
        tiles=pd.concat(rows, ignore_index=True),
        probabilities=np.concatenate(probabilities),
        curves=pd.concat(curves, ignore_index=True),
        cost=cost,
        images=images,
        masks=masks,
    )
