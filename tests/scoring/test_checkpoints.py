"""Best, last and cross-fitted epoch, by hand."""

import pandas as pd

from saltseg.scoring.checkpoints import checkpoint_choice


def curves(*folds: list[float]) -> pd.DataFrame:
    rows = [
        (fold, epoch, score)
        for fold, scores in enumerate(folds)
        for epoch, score in enumerate(scores, start=1)
    ]
    return pd.DataFrame(rows, columns=["fold", "epoch", "val_map_iou"])


def test_by_hand() -> None:
    # Without fold 0 epoch 2 is best (0.55), without fold 1 epoch 3 (0.7), without fold 2 epoch 1.
    told = checkpoint_choice(curves([0.7, 0.1, 0.8], [0.6, 0.5, 0.2], [0.3, 0.6, 0.6]))
    assert told["best"] == round((0.8 + 0.6 + 0.6) / 3, 6)
    assert told["last"] == round((0.8 + 0.2 + 0.6) / 3, 6)
    assert told["chosen"] == {"0": 2, "1": 3, "2": 1}
    assert told["cross_fitted"] == round((0.1 + 0.2 + 0.3) / 3, 6)
    assert told["optimism"] == round(told["best"] - told["cross_fitted"], 6)


def test_own_curve_has_no_say() -> None:
    one = checkpoint_choice(curves([0.1, 0.2, 0.3], [0.5, 0.9, 0.1]))
    other = checkpoint_choice(curves([0.9, 0.1, 0.2], [0.5, 0.9, 0.1]))
    assert one["chosen"]["0"] == other["chosen"]["0"] == 2
    assert one["chosen"]["1"] != other["chosen"]["1"]


def test_folds_that_stopped_early() -> None:
    """Epochs that not all have reached cannot be chosen; the last is each fold's own."""
    told = checkpoint_choice(curves([0.4, 0.5], [0.1, 0.3, 0.9]))
    assert told["chosen"] == {"0": 2, "1": 2}
    assert told["last"] == round((0.5 + 0.9) / 2, 6)


def test_one_fold() -> None:
    assert checkpoint_choice(curves([0.2, 0.6, 0.4])) == {"best": 0.6, "last": 0.4}
