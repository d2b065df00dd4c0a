"""The tiles on which compared networks disagree most, with pictures from DVC's cache."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from dvc.repo import Repo
from numpy.typing import NDArray

from saltseg.comparison.disputed_tile import DisputedTile
from saltseg.runs.cache import cached
from saltseg.scoring.prediction_files import OUT_OF_FOLD, file_name
from saltseg.tiles.survey import read_array, read_table
from saltseg.tracking.comparable import ShownRun


def most_disputed(runs: Sequence[ShownRun], count: int) -> list[DisputedTile]:
    """Tiles with the widest spread of map_iou, by turns from four kinds.

    With salt and without, the first run at its best and not: a tile without salt is all right or
    all wrong, and such tiles alone would fill the gallery.

    Args:
        runs: Of the networks compared, which share the data.
        count: How many at most; tiles on which all agree are left out.

    Raises:
        DataError: DVC's cache does not hold their images or predictions any more.
    """
    wanted = _ranked(runs).head(count).tolist()
    with Repo() as repo:
        lock = runs[0].outputs.lock
        survey = read_table(cached(repo, lock, "data/survey/tiles.csv"), ("id",))
        places = pd.Series(np.arange(len(survey)), index=survey["id"])[wanted]
        images = read_array(cached(repo, lock, "data/survey/images.npy"))[places]
        masks = read_array(cached(repo, lock, "data/survey/masks.npy"))[places]
        predicted = [_predictions(repo, run, wanted) for run in runs]
    folds = _once(runs[0])["fold"]
    return [
        DisputedTile(tile, int(folds[tile]), image, mask, tuple(probabilities))
        for tile, image, mask, *probabilities in zip(wanted, images, masks, *predicted, strict=True)
    ]


def _ranked(runs: Sequence[ShownRun]) -> "pd.Series[str]":
    """Ids of the tiles that the runs score differently, most disputed of each kind first.

    Among equal spreads the one with more pixels at stake comes first, then the smaller id.
    """
    tables = [_once(run).assign(wrong=lambda t: t["fp"] + t["fn"]) for run in runs]
    scores = {
        name: pd.concat([table[name] for table in tables], axis=1, join="inner")
        for name in ("map_iou", "iou", "wrong")
    }
    spread = pd.DataFrame({name: t.max(axis=1) - t.min(axis=1) for name, t in scores.items()})
    spread["first_best"] = scores["iou"].iloc[:, 0] == scores["iou"].max(axis=1)
    spread["salt"] = tables[0]["coverage_class"] > 0
    spread = spread[spread["iou"] > 0].sort_index()
    order = ["map_iou", "wrong", "iou"]
    ranked = spread.sort_values(order, ascending=False, kind="stable").reset_index()
    ranked["turn"] = ranked.groupby(["first_best", "salt"]).cumcount()
    return ranked.sort_values("turn", kind="stable")["id"]


def _once(run: ShownRun) -> pd.DataFrame:
    """Scores of each tile, by id; of those in several divisions, in the first one."""
    return run.outputs.tiles.sort_values("fold").drop_duplicates("id").set_index("id")


def _predictions(repo: Repo, run: ShownRun, wanted: Sequence[str]) -> list[NDArray[np.uint8]]:
    """Out-of-fold probabilities of the wanted tiles, 255 = certainly salt."""
    found: dict[str, NDArray[np.floating]] = {}
    name = file_name(OUT_OF_FOLD, run.outputs.flip)
    for fold, tiles in run.outputs.tiles.groupby("fold"):
        if not {*tiles["id"]}.intersection(wanted).difference(found):
            continue
        path = f"models/{run.outputs.backbone}/fold-{fold}/{name}"
        probabilities = read_array(cached(repo, run.outputs.lock, path), np.float16)
        for row, tile in enumerate(tiles["id"]):
            if tile in wanted and tile not in found:  # folds come in order
                found[tile] = np.rint(255 * probabilities[row].astype(np.float32))
    return [found[tile].astype(np.uint8) for tile in wanted]
