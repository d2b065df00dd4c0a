"""Threshold and post-processing: chosen after training, scored on tiles that did not choose.

Whoever chooses a threshold on the tiles that are then scored reports too much. Here the tiles of
each fold are scored with what the tiles of the other folds chose.
"""

from collections.abc import Sequence
from itertools import product
from typing import Any, NamedTuple

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.progress import track

from saltseg.params import Choices
from saltseg.scoring.scores import COUNTS, DECIDING


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


def all_choices(offered: Choices, fixed: float) -> list[Choice]:
    """Every combination that is offered, those nearest to the fixed threshold and simplest first.

    Among choices that score the same the first one is taken.
    """
    thresholds = sorted({*offered.threshold, fixed}, key=lambda value: (abs(value - fixed), value))
    sizes = product(sorted({0, *offered.region}), sorted({0, *offered.mask}))
    return [Choice(t, *size) for size, t in product(sizes, thresholds)]


def score_choices(
    masks: NDArray[np.uint8], probabilities: NDArray[np.floating], choices: Sequence[Choice]
) -> NDArray[np.float64]:
    """Competition metric of each tile under each choice.

    Args:
        masks: True masks, (N, H, W), 0 = not salt.
        probabilities: (N, H, W), 0 to 1.
        choices: What to try.

    Returns:
        (choices, N) float64.
    """
    by_threshold: dict[float, list[int]] = {}
    for number, choice in enumerate(choices):
        by_threshold.setdefault(choice.threshold, []).append(number)
    counts = np.empty((len(choices), len(masks), 3), np.int64)
    tiles = track(zip(masks, probabilities, strict=True), "choices", len(masks), transient=True)
    for tile, (mask, probability) in enumerate(tiles):
        truth = mask > 0
        for threshold, numbers in by_threshold.items():
            areas, hits = _regions(truth, probability > threshold)
            for number in numbers:
                kept = areas >= choices[number].region
                area, tp = areas[kept].sum(), hits[kept].sum()
                if area < choices[number].mask:
                    area = tp = 0
                counts[number, tile] = tp, area - tp, truth.sum() - tp
    table = pd.DataFrame(counts.reshape(-1, 3), columns=COUNTS)
    scores = np.asarray(DECIDING.of(table), np.float64)
    return scores.reshape(counts.shape[:2])


def _regions(
    truth: NDArray[np.bool_], salt: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pixels of each region of a prediction, corners connect, and how many of them are true."""
    count, labels = cv2.connectedComponents(salt.astype(np.uint8))
    areas = np.bincount(labels.ravel(), minlength=count)
    return areas[1:], np.bincount(labels[truth], minlength=count)[1:]


def cross_fit(scores: NDArray[np.float64], folds: NDArray[np.int64]) -> dict[int, int]:
    """The choice that the other folds make for each fold.

    Args:
        scores: (choices, N).
        folds: Fold of each tile, (N,), two or more of them.

    Returns:
        By fold: the first of the choices with the best mean over the tiles of all other folds.
    """
    return {
        int(fold): int(scores[:, folds != fold].mean(axis=1).argmax()) for fold in np.unique(folds)
    }


def summarise_choices(
    scores: NDArray[np.float64], choices: Sequence[Choice], folds: NDArray[np.int64]
) -> dict[str, Any]:
    """How much choosing gains, and how much of that is only seen by those who chose.

    Args:
        scores: As from `score_choices`.
        choices: What was tried, the fixed one first.
        folds: Fold of each tile, (N,).

    Returns:
        `fixed`: mean of map_iou over folds under the fixed choice; `naive`: under the one that is
        best on all tiles together; and, with two folds or more, `cross_fitted`: each fold under
        what the others chose, `optimism` (naive - cross_fitted), and `chosen` by fold.
    """
    summary: dict[str, Any] = {
        "fixed": _over_folds(scores[0], folds),
        "naive": _over_folds(scores[scores.mean(axis=1).argmax()], folds),
    }
    if len(np.unique(folds)) < 2:
        return summary
    chosen = cross_fit(scores, folds)
    own = np.array([chosen[fold] for fold in folds.tolist()])
    summary["cross_fitted"] = _over_folds(scores[own, np.arange(len(folds))], folds)
    summary["optimism"] = round(summary["naive"] - summary["cross_fitted"], 6)
    summary["chosen"] = {str(fold): choices[number]._asdict() for fold, number in chosen.items()}
    return summary


def _over_folds(scores: NDArray[np.float64], folds: NDArray[np.int64]) -> float:
    return round(float(pd.Series(scores).groupby(folds).mean().mean()), 6)
