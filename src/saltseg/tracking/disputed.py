"""The tiles on which compared networks disagree most, with pictures from DVC's cache."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from dvc.repo import Repo
from numpy.typing import NDArray

from saltseg.records.cache import cached
from saltseg.scoring.comparison import DisputedTile
from saltseg.tiles.survey import read_array, read_table
from saltseg.tracking.contestants import TrackedRun


def most_disputed(runs: Sequence[TrackedRun], count: int) -> list[DisputedTile]:
    """Tiles with the widest spread of map_iou, then of IoU; ties go to the smaller id.

    Args:
        runs: Of the networks compared, which share the data.
        count: How many at most; tiles on which all agree are left out.

    Raises:
        DataError: DVC's cache does not hold their images or predictions any more.
    """
    spread = pd.concat(
        {
            name: _aligned(runs, name).max(axis=1) - _aligned(runs, name).min(axis=1)
            for name in ("map_iou", "iou")
        },
        axis=1,
    )
    spread = spread[spread["iou"] > 0].reset_index()
    ranked = spread.sort_values(["map_iou", "iou", "id"], ascending=[False, False, True])
    wanted = ranked["id"].head(count).tolist()
    with Repo() as repo:
        lock = runs[0].lock
        survey = read_table(cached(repo, lock, "data/survey/tiles.csv"), ("id",))
        places = pd.Series(np.arange(len(survey)), index=survey["id"])[wanted]
        images = read_array(cached(repo, lock, "data/survey/images.npy"))[places]
        masks = read_array(cached(repo, lock, "data/survey/masks.npy"))[places]
        predicted = [_predictions(repo, run, wanted) for run in runs]
    folds = runs[0].tiles.set_index("id")["fold"]
    return [
        DisputedTile(tile, int(folds[tile]), image, mask, tuple(probabilities))
        for tile, image, mask, *probabilities in zip(wanted, images, masks, *predicted, strict=True)
    ]


def _aligned(runs: Sequence[TrackedRun], score: str) -> pd.DataFrame:
    """One column per run, the tiles that all of them scored."""
    columns = [run.tiles.set_index("id")[score] for run in runs]
    return pd.concat(columns, axis=1, join="inner")


def _predictions(repo: Repo, run: TrackedRun, wanted: Sequence[str]) -> list[NDArray[np.uint8]]:
    """Out-of-fold probabilities of the wanted tiles, 255 = certainly salt."""
    found = {}
    for fold, tiles in run.tiles.groupby("fold"):
        path = f"models/{run.params['backbone']}/fold-{fold}/oof.npy"
        probabilities = read_array(cached(repo, run.lock, path))
        for row, tile in enumerate(tiles["id"]):
            if tile in wanted:
                found[tile] = np.rint(255 * probabilities[row].astype(np.float32))
    return [found[tile].astype(np.uint8) for tile in wanted]
