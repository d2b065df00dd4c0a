"""How much of a score is owed to choosing the epoch on the very fold that is scored."""

from typing import Any

import numpy as np
import pandas as pd


def checkpoint_choice(curves: pd.DataFrame) -> dict[str, Any]:
    """What choosing the best epoch on the fold that is scored adds to the score.

    Args:
        curves: One row per fold and epoch: `fold`, `epoch`, `val_map_iou` (at network size).

    Returns:
        Means over folds of val_map_iou: `best` (each fold's best epoch: the weights that are kept),
        `last` (its last epoch); and, with two folds or more, `cross_fitted` (at the epoch whose
        mean over the other folds is best, of those that all folds have reached), `optimism`
        (best - cross_fitted), and `chosen`, that epoch by fold.
    """
    by_fold = curves.pivot(index="epoch", columns="fold", values="val_map_iou")
    summary: dict[str, Any] = {
        "best": round(float(by_fold.max().mean()), 6),
        "last": round(float(by_fold.ffill().iloc[-1].mean()), 6),
    }
    if by_fold.shape[1] < 2:
        return summary
    reached = by_fold.dropna()
    others = pd.DataFrame({fold: reached.drop(columns=fold).mean(axis=1) for fold in reached})
    chosen = others.idxmax()
    scores = [reached[fold][epoch] for fold, epoch in chosen.items()]
    summary["cross_fitted"] = round(float(np.mean(scores)), 6)
    summary["optimism"] = round(summary["best"] - summary["cross_fitted"], 6)
    summary["chosen"] = {str(fold): int(epoch) for fold, epoch in chosen.items()}
    return summary
