"""Threshold and post-processing: chosen after training, scored on tiles that did not choose.

Whoever chooses a threshold on the tiles that are then scored reports too much. Here the tiles of
each fold are scored with what other tiles chose, those of the other folds.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.progress import track

from saltseg.array_types import Bytes
from saltseg.params import Choices
from saltseg.scoring.scores import COUNTS, DECIDING
from saltseg.tiles.masks import SALT, labelled


class Choice(NamedTuple):
    """How probabilities become a mask.

    Attributes:
        threshold: Probability above which a pixel counts as salt.
        region: Pixels of the smallest connected region that is kept.
        mask: Pixels of salt below which a tile counts as empty.
    """

    threshold: float
    region: int = 0
    mask: int = 0


def masked(
    probabilities: NDArray[np.floating], choice: Choice, *, tile: bool = True
) -> NDArray[np.uint8]:
    """The mask that a choice makes of probabilities, as `score_choices` scores it.

    Args:
        probabilities: Of one picture, (H, W), 0 to 1.
        choice: How.
        tile: Whether the picture is a tile; of a larger one the whole is never left empty.

    Returns:
        (H, W) uint8, 1 = salt.
    """
    # As scoring does: in half precision a threshold is rounded like what it is compared with.
    limit = np.array(choice.threshold, probabilities.dtype)
    salt = (probabilities > limit).astype(np.uint8)
    if choice.region > 1:
        _, labels, stats, _ = cv2.connectedComponentsWithStats(salt)
        small = stats[:, cv2.CC_STAT_AREA] < choice.region
        salt[small[labels]] = 0
    if tile and cv2.countNonZero(salt) < choice.mask:
        salt[:] = 0
    return salt


def all_choices(offered: Choices, fixed: float) -> list[Choice]:
    """Every combination that is offered, those nearest to the fixed threshold and simplest first.

    Among choices that score the same the first one is taken.
    """
    thresholds = sorted({*offered.threshold, fixed}, key=lambda value: (abs(value - fixed), value))
    sizes = product(sorted({0, *offered.region}), sorted({0, *offered.mask}))
    return [Choice(t, *size) for size, t in product(sizes, thresholds)]


def score_choices(
    masks: Bytes, probabilities: NDArray[np.floating], choices: Sequence[Choice]
) -> NDArray[np.float64]:
    """Competition metric of each tile under each choice.

    Args:
        masks: True masks, (N, H, W), values as in `tiles.masks`.
        probabilities: (N, H, W), 0 to 1.
        choices: What to try.

    Returns:
        (choices, N) float64.
    """
    thresholds, sizes = sorted({c.threshold for c in choices}), sorted({c.region for c in choices})
    kept = np.zeros((len(thresholds), len(sizes), len(masks), 3), np.int64)
    tiles = track(zip(masks, probabilities, strict=True), "choices", len(masks), transient=True)
    for tile, (mask, probability) in enumerate(tiles):
        kept[:, :, tile] = _kept_regions(mask, probability, thresholds, np.array(sizes))
    true = np.count_nonzero(masks == SALT, axis=(1, 2))
    scores = np.empty((len(choices), len(masks)))
    for number, (threshold, region, least) in enumerate(choices):
        area, wrong, hits = kept[thresholds.index(threshold), sizes.index(region)].T
        counts = np.stack([hits, wrong, true - hits]) * (area >= least)
        counts[2, area < least] = true[area < least]
        scores[number] = DECIDING.of(pd.DataFrame(counts.T, columns=COUNTS))
    return scores


def _kept_regions(
    mask: Bytes,
    probability: NDArray[np.floating],
    thresholds: Sequence[float],
    sizes: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Predicted pixels of one tile: all, those that are false, and those that are true.

    Args:
        mask: (H, W), values as in `tiles.masks`.
        probability: (H, W).
        thresholds: In ascending order.
        sizes: Pixels of the smallest region that is kept; regions may connect by corners.

    Returns:
        (thresholds, sizes, 3).
    """
    kept = np.zeros((len(thresholds), len(sizes), 3), np.int64)
    limits = np.array(thresholds, probability.dtype)
    if probability.dtype == np.float16:  # compares slowly
        probability, limits = probability.astype(np.float32), limits.astype(np.float32)
    # Pixels that any threshold takes: seldom many of a tile.
    taken = np.flatnonzero(probability > limits[0])
    known = mask.ravel()[taken]
    kinds, before = np.where(labelled(known), known == SALT, 2), 0
    for number, limit in enumerate(limits):
        salt = (probability > limit).view(np.uint8)
        if not (size := cv2.countNonZero(salt)):
            break  # nor is there any above a higher threshold
        if size != before:
            count, labels = cv2.connectedComponents(salt)
            # Each region three times: its false pixels, its true ones and those nobody knows.
            regions = 3 * labels.ravel()[taken] + kinds
            pixels = np.bincount(regions, minlength=3 * count).reshape(-1, 3)[1:]
            found, before = np.column_stack([pixels.sum(axis=1), pixels[:, :2]]), size
        large = found[:, 0] >= sizes[:, None]
        kept[number] = large @ found
    return kept


def cross_fit(scores: NDArray[np.float64], tiles: pd.DataFrame) -> dict[int, int]:
    """The choice that the other folds make for each fold.

    Args:
        scores: (choices, N).
        tiles: `id` and `fold`, (N,), two or more folds; of several divisions a tile has several.

    Returns:
        By fold: the first of the choices with the best mean over all tiles that are not of it; the
        first of all where there is no such tile.
    """
    chosen = {}
    for fold, own in tiles.groupby("fold")["id"]:
        others = ~tiles["id"].isin(own).to_numpy()
        chosen[int(str(fold))] = int(scores[:, others].sum(axis=1).argmax())
    return chosen


def summarise_choices(
    scores: NDArray[np.float64], choices: Sequence[Choice], tiles: pd.DataFrame
) -> dict[str, Any]:
    """How much choosing gains, and how much of that is only seen by those who chose.

    Args:
        scores: As from `score_choices`.
        choices: What was tried, the fixed one first.
        tiles: `id` and `fold`, as for `cross_fit`.

    Returns:
        `fixed`: mean of map_iou over folds under the fixed choice; `naive`: under the one that is
        best on all tiles together, which is `best_choice`; and, with two folds or more,
        `cross_fitted`: each fold under what the others chose, `optimism` (naive - cross_fitted),
        and `chosen` by fold.
    """
    best, folds = int(scores.mean(axis=1).argmax()), tiles["fold"].to_numpy()
    summary: dict[str, Any] = {
        "fixed": _over_folds(scores[0], folds),
        "naive": _over_folds(scores[best], folds),
        "best_choice": choices[best]._asdict(),
    }
    if len(np.unique(folds)) < 2:
        return summary
    chosen = cross_fit(scores, tiles)
    own = np.array([chosen[fold] for fold in folds.tolist()])
    summary["cross_fitted"] = _over_folds(scores[own, np.arange(len(folds))], folds)
    summary["optimism"] = round(summary["naive"] - summary["cross_fitted"], 6)
    summary["chosen"] = {str(fold): choices[number]._asdict() for fold, number in chosen.items()}
    return summary


def _over_folds(scores: NDArray[np.float64], folds: NDArray[np.int64]) -> float:
    return round(float(pd.Series(scores).groupby(folds).mean().mean()), 6)
