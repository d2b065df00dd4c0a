"""The hold-out of a past run as each of its networks predicts it."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from dvc.repo import Repo
from numpy.typing import NDArray

from saltseg.array_types import Bytes
from saltseg.errors import DataError
from saltseg.runs.cache import cached
from saltseg.runs.outputs import LostError, Outputs
from saltseg.scoring.prediction_files import UNSEEN, file_name
from saltseg.tiles.folds.table import HOLDOUT, read_folds
from saltseg.tiles.survey import read_array


@dataclass(frozen=True)
class HeldOut:
    """Tiles that no network has seen, and what each one makes of them.

    Attributes:
        tiles: One row per tile, `id` and `group` among its columns; the arrays are in this order.
        masks: (n, H, W) uint8, 0 or 1.
        each: Probabilities by each network, (n, H, W) float16; where the run is read with its
            mirrored predictions, these follow.
        mean: Their mean, (n, H, W) float32, as the run was scored.
    """

    tiles: pd.DataFrame
    masks: Bytes
    each: list[NDArray[np.float16]]
    mean: NDArray[np.float32]


def read_holdout(run: Outputs, flip: bool) -> HeldOut:
    """Read a hold-out from DVC's cache, whoever shows the run.

    Mirrored predictions are not kept: only their mean with the others, from which they follow to
    about 0.001, as it is in half precision.

    Args:
        run: Whose.
        flip: Read the predictions of mirrored tiles, too.

    Raises:
        DataError: It has no hold-out, or its files do not belong together.
        LostError: DVC's cache does not hold them any more.
    """
    with Repo() as repo:

        def find(path: str) -> Path:
            try:
                return cached(repo, run.lock, path)
            except DataError as error:
                raise LostError(f"{run.title}: {error}", run.restore) from None

        folds = read_folds(find("data/folds.csv"))
        unseen = _unseen(run, folds)
        masks = read_array(find("data/survey/masks.npy"), dimensions=3)
        if len(masks) != len(folds):
            raise DataError(f"{run.title}: {len(masks)} masks for {len(folds)} tiles; {run.mend}")
        size = (len(unseen), *masks.shape[1:])

        def predictions(flipped: bool) -> list[NDArray[np.float16]]:
            name = file_name(UNSEEN, flipped)
            paths = [f"models/{run.backbone}/fold-{fold}/{name}" for fold in run.folds]
            found = [read_array(find(path), np.float16) for path in paths]
            for path, one in zip(paths, found, strict=True):
                if one.shape != size:
                    raise DataError(
                        f"{run.title}: {path} is {one.shape}, not {size} as its fold table;"
                        f" {run.mend}"
                    )
            return found

        each = predictions(False)
        scored = predictions(True) if flip else each
    mean = np.zeros(size, np.float32)
    for one in scored:
        mean += one
    mean /= np.float32(len(scored))
    if flip:
        each += [_mirrored(both, one) for both, one in zip(scored, each, strict=True)]
    return HeldOut(unseen.reset_index(drop=True), masks[unseen.index], each, mean)


def _unseen(run: Outputs, folds: pd.DataFrame) -> pd.DataFrame:
    """The rows of the hold-out."""
    unseen = folds[folds["fold"] == HOLDOUT]
    if unseen.empty:
        raise DataError(
            f"{run.title}: it has no hold-out, and its networks share no other tile that none of"
            " them saw; train with one, for instance `dvc exp run --temp -S split.holdout=0.1`"
        )
    return unseen


def _mirrored(both: NDArray[np.float16], one: NDArray[np.float16]) -> NDArray[np.float16]:
    """The second of two predictions, from their mean and the first."""
    found: NDArray[np.float16] = np.clip(2 * both - one, 0, 1)
    return found
