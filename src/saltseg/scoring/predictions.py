"""Predictions of one backbone, put together from its folds: out-of-fold, and of the hold-out."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from saltseg.errors import DataError
from saltseg.scoring.prediction_files import OUT_OF_FOLD, UNSEEN, file_name
from saltseg.scoring.scores import count_pixels, tile_scores
from saltseg.tiles.folds.table import HOLDOUT, divisions, read_folds
from saltseg.tiles.survey import read_array, read_labelled, read_table


@dataclass(frozen=True)
class Predicted:
    """Tiles with predictions of networks that never saw them.

    Attributes:
        tiles: One row per tile and division: `id`, `fold`, `coverage_class`, `group`, `coverage`;
            the arrays are in the same order.
        probabilities: (n, H, W), 0 to 1.
        images: (n, H, W) uint8.
        masks: (n, H, W) uint8, values as in `tiles.masks`.
    """

    tiles: pd.DataFrame
    probabilities: NDArray[np.floating]
    images: NDArray[np.uint8]
    masks: NDArray[np.uint8]

    def scored(self, threshold: float) -> pd.DataFrame:
        """Scores of each tile, at native size.

        Args:
            threshold: Probability above which a pixel counts as salt.

        Returns:
            One row as in `tiles`: its columns, `tp`, `fp`, `fn`, and one for each of `TILE_SCORES`.
        """
        counts = count_pixels(self.masks, self.probabilities > threshold)
        return pd.concat([self.tiles, counts, tile_scores(counts).round(6)], axis=1)


@dataclass(frozen=True)
class CrossValidation:
    """What a cross-validation predicted.

    Attributes:
        out_of_fold: Each tile of the wanted folds by the network that held it out, fold by fold.
        holdout: The hold-out by all of these networks, the mean of their probabilities (float32);
            without tiles where there is none.
        curves: One row per fold and epoch: `fold`, `epoch`, losses, metrics, learning rate.
        cost: `parameters` and `gflops` of the network.
    """

    out_of_fold: Predicted
    holdout: Predicted
    curves: pd.DataFrame
    cost: dict[str, float]


def read_predictions(
    models: Path, survey: Path, folds: Path, wanted: Sequence[int], flip: bool = False
) -> CrossValidation:
    """Read what training wrote, for the wanted folds only; others may lie there from before.

    Args:
        models: Folder with `fold-k` folders.
        survey: Folder of the survey.
        folds: Fold table.
        wanted: Folds to read.
        flip: Read the means of the predictions of each tile and of its mirror image.

    Raises:
        DataError: A file is missing, or does not fit the fold table.
    """
    table = read_folds(folds)
    tiles, images, masks = read_labelled(survey)
    if table["id"].tolist() != tiles["id"].tolist():
        raise DataError(f"{folds}: holds other tiles than {survey}/tiles.csv; run `dvc repro`")
    table = table.assign(coverage=tiles["coverage"])
    size = masks.shape[1:]
    each = divisions(table, wanted)
    own = pd.concat([of[of["fold"] == fold] for of, folds in each for fold in folds])
    wanted = own["fold"].unique().tolist()
    unseen = table[table["fold"] == HOLDOUT]
    probabilities, curves, cost = [], [], {}
    ensemble = np.zeros((len(unseen), *size), np.float32)
    for fold in wanted:
        folder = models / f"fold-{fold}"
        count = int((own["fold"] == fold).sum())
        probabilities.append(_predicted(folder / file_name(OUT_OF_FOLD, flip), (count, *size)))
        ensemble += _predicted(folder / file_name(UNSEEN, flip), (len(unseen), *size))
        history = read_table(folder / "history.csv", ("epoch",))
        history.insert(0, "fold", fold)
        curves.append(history)
        cost = _cost(folder / "network.json")
    out_of_fold, holdout = (
        Predicted(rows.reset_index(drop=True), p, images[rows.index], masks[rows.index])
        for rows, p in ((own, np.concatenate(probabilities)), (unseen, ensemble / len(wanted)))
    )
    return CrossValidation(
        out_of_fold,
        holdout,
        curves=pd.concat(curves, ignore_index=True),
        cost=cost,
    )


def _predicted(path: Path, expected: tuple[int, ...]) -> NDArray[np.float16]:
    predicted = read_array(path, np.float16)
    if predicted.shape != expected:
        raise DataError(
            f"{path}: predictions {predicted.shape}, but the fold table asks for {expected}; "
            "run `dvc repro`"
        )
    if not np.isfinite(predicted).all():
        raise DataError(
            f"{path}: predictions that are no finite numbers; lower train.learning_rate and train"
            " again"
        )
    return predicted


def _cost(path: Path) -> dict[str, float]:
    try:
        cost: dict[str, float] = json.loads(path.read_text())
    except (OSError, ValueError, RecursionError) as error:
        raise DataError(f"{path}: {error}; run `dvc repro`") from None
    return cost
