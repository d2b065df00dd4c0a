"""Tables and the summary of one cross-validation."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from saltseg.scoring.scores import SCORES, TILE_SCORES, pooled_scores


def summarise(tiles: pd.DataFrame, cost: Mapping[str, float | None]) -> dict[str, Any]:
    """Scores over folds, per fold and per coverage class.

    Args:
        tiles: One row per scored tile and division: `id`, `fold`, `coverage_class`, `tp`, `fp`,
            `fn`, and a column for each of `TILE_SCORES`.
        cost: Parameters and GFLOPs of the network, None where they were not counted.

    Returns:
        For each of `SCORES` the mean and the standard deviation over folds (n - 1; 0 for one fold);
        the same scores by fold and by coverage class; `empty_map_iou`, what predicting no salt
        anywhere would score; and the network's cost.
    """
    by_fold = {str(fold): scores_of(group) for fold, group in tiles.groupby("fold")}
    over_folds = pd.DataFrame(by_fold).T
    return {
        **{
            score.name: {
                "mean": _short(over_folds[score.name].mean()),
                "std": _short(over_folds[score.name].std(ddof=1) if len(over_folds) > 1 else 0.0),
            }
            for score in SCORES
        },
        "empty_map_iou": _short((tiles["coverage_class"] == 0).mean()),
        "tiles": int(tiles["id"].nunique()),
        "fold": by_fold,
        "coverage_class": {
            str(label): scores_of(group) for label, group in tiles.groupby("coverage_class")
        },
        "network": dict(cost),
    }


def headline(details: Mapping[str, Any]) -> dict[str, Any]:
    """The dozen numbers that two runs are first held against each other by.

    Args:
        details: All that an evaluation says: as from `summarise`, with what `Evaluation.summary`
            and the leak report say besides. What an older commit did not say yet is left out.

    Returns:
        A part of it, at the same places: `map_iou`, `iou` and `dice` over folds, the floor, the
        number of tiles, map_iou with the post-processing that other folds chose, calibration error,
        map_iou of the hold-out, leaks between touching tiles, size and cost of the network.
    """
    within = {
        "post_processing": ["cross_fitted"],
        "calibration": ["ece"],
        "holdout": ["map_iou"],
        "leak": ["neighbour", "holdout_neighbour"],
    }
    names = ("map_iou", "iou", "dice", "empty_map_iou", "tiles", "network")
    whole = {name: details[name] for name in names if name in details}
    parts = {
        group: {name: details[group][name] for name in names if name in details[group]}
        for group, names in within.items()
        if group in details
    }
    return whole | {group: found for group, found in parts.items() if found}


def mean_curves(curves: pd.DataFrame) -> pd.DataFrame:
    """Mean over folds, epoch by epoch, of all columns but `fold`.

    Folds that stopped early count on with their last values, so that a mean does not jump where
    one has left.
    """
    folds = curves.pivot(index="epoch", columns="fold").ffill()
    return folds.T.groupby(level=0, sort=False).mean().T.round(6).reset_index()


def pick_tiles(tiles: pd.DataFrame, count: int) -> dict[str, pd.DataFrame]:
    """Best, median and worst tiles by IoU among those that hold salt or are predicted to.

    Empty tiles rightly left empty all score 1 and show nothing, so they are left out unless
    there is nothing else. Ties go to the smaller id, so that the choice repeats.
    """
    worth = tiles[tiles[["tp", "fp", "fn"]].sum(axis=1) > 0]
    ranked = (worth if len(worth) else tiles).sort_values(["iou", "id"], ascending=[False, True])
    middle = max(0, (len(ranked) - count) // 2)
    return {
        "best": ranked.head(count),
        "median": ranked.iloc[middle : middle + count],
        "worst": ranked.tail(count),
    }


def scores_of(tiles: pd.DataFrame) -> dict[str, float]:
    """Scores of some tiles together; columns as in `summarise`."""
    means = {score.name: _short(tiles[score.name].mean()) for score in TILE_SCORES}
    pooled = {name: _short(value) for name, value in pooled_scores(tiles).items()}
    return {**means, **pooled, "tiles": len(tiles)}


def _short(value: float) -> float:
    return round(float(np.float64(value)), 6)
