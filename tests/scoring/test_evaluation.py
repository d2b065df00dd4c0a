"""The summary of a cross-validation of a few tiles whose scores are known."""

import numpy as np
import pandas as pd
import pytest

from saltseg.params import Choices, Evaluate
from saltseg.scoring.evaluation import Evaluation
from saltseg.scoring.predictions import CrossValidation, Predicted

OPTIONS = Evaluate(
    flip=False,
    threshold=0.5,
    gallery=1,
    choices=Choices(threshold=[0.3, 0.7], region=[0], mask=[0, 5]),
)


def predicted(folds: list[int], probability: list[float]) -> Predicted:
    """Tiles of 4 x 4 pixels, the left half salt and predicted with a probability of its own."""
    masks = np.zeros((len(folds), 4, 4), np.uint8)
    masks[:, :, :2] = 1
    tiles = pd.DataFrame({"id": [str(n) for n in range(len(folds))], "fold": folds})
    tiles = tiles.assign(coverage_class=5, group=range(len(folds)), coverage=0.5)
    probabilities = masks * np.array(probability)[:, None, None]
    return Predicted(tiles, probabilities.astype(np.float32), masks, masks)


def result(holdout: list[float]) -> CrossValidation:
    epochs = {"fold": [0, 0, 1, 1], "epoch": [1, 2, 1, 2], "val_map_iou": [0.5, 0.7, 0.6, 0.4]}
    # Fold 0 is found at 0.3, fold 1 only below.
    return CrossValidation(
        predicted([0, 0, 1, 1], [0.4, 0.4, 0.6, 0.2]),
        predicted([-1] * len(holdout), holdout),
        pd.DataFrame(epochs),
        {},
    )


def test_without_holdout() -> None:
    evaluation = Evaluation(result([]), OPTIONS)
    summary = evaluation.summary()
    assert summary["threshold"]["fixed"] == 0.25
    assert summary["threshold"]["naive"] == 0.75
    # Fold 1, with 0.5 and 0.3 equal, takes 0.5 for fold 0; fold 0 takes 0.3 for fold 1.
    assert summary["threshold"]["chosen"]["0"]["threshold"] == 0.5
    assert summary["threshold"]["chosen"]["1"]["threshold"] == 0.3
    assert summary["threshold"]["cross_fitted"] == 0.25
    assert summary["threshold"]["optimism"] == 0.5
    assert summary["checkpoint"]["best"] == 0.65
    assert "holdout" not in summary
    assert evaluation.holdout.empty
    assert "map_iou" in evaluation.holdout


def test_holdout_is_scored_once_as_given_and_with_what_the_others_chose() -> None:
    summary = Evaluation(result([0.4, 0.6, 0.1]), OPTIONS).summary()
    assert summary["holdout"]["tiles"] == 3
    assert summary["holdout"]["map_iou"] == pytest.approx(1 / 3, abs=1e-6)
    assert summary["holdout"]["chosen_map_iou"] == pytest.approx(2 / 3, abs=1e-6)


def test_holdout_decides_nothing() -> None:
    one, other = (Evaluation(result(p), OPTIONS).summary() for p in ([0.9] * 50, [0.1] * 50))
    for summary in (one, other):
        del summary["holdout"]
    assert one == other == Evaluation(result([]), OPTIONS).summary()


def test_sweep_has_a_row_for_each_fold_and_threshold() -> None:
    sweep = Evaluation(result([]), OPTIONS).sweep()
    table = sweep.pivot(index="threshold", columns="fold", values="map_iou")
    assert table.index.tolist() == [0.3, 0.5, 0.7]
    assert table[0].tolist() == [1, 0, 0]
    assert table[1].tolist() == [0.5, 0.5, 0]
