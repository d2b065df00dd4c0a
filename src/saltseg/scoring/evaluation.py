"""What an evaluation reports: choices made after training, calibration, and the hold-out."""

from typing import Any

import pandas as pd

from saltseg.params import Evaluate
from saltseg.scoring.calibration import brier_score, expected_calibration_error, reliability
from saltseg.scoring.checkpoints import checkpoint_choice
from saltseg.scoring.choices import Choice, all_choices, score_choices, summarise_choices
from saltseg.scoring.predictions import CrossValidation
from saltseg.scoring.summary import scores_of


class Evaluation:
    """Scores of one cross-validation beside those that nothing was chosen for."""

    def __init__(self, result: CrossValidation, options: Evaluate) -> None:
        """Score every choice that is offered, on every out-of-fold tile.

        Args:
            result: The predictions.
            options: The fixed threshold, and what may be chosen in its place.
        """
        self._result, self._fixed = result, options.threshold
        predicted = result.out_of_fold
        self._choices = all_choices(options.choices, options.threshold)
        self._scores = score_choices(predicted.masks, predicted.probabilities, self._choices)
        self._tiles = predicted.tiles
        self.reliability = reliability(predicted.masks, predicted.probabilities)
        self.holdout = result.holdout.scored(options.threshold)

    @property
    def _by_threshold(self) -> list[int]:
        """Numbers of the choices that are a threshold and nothing else."""
        return [n for n, c in enumerate(self._choices) if c == Choice(c.threshold)]

    def summary(self) -> dict[str, Any]:
        """What metrics/details.json says about all this.

        Returns:
            `threshold` and `post_processing` (see `summarise_choices`), `checkpoint` (see
            `checkpoint_choice`), `calibration` (expected calibration error and Brier score of
            out-of-fold pixels), and, where there is a hold-out, `holdout`: scores of the ensemble
            of all folds at the fixed threshold, and `chosen_map_iou`, with the post-processing that
            is best out of fold.
        """
        predicted, alone = self._result.out_of_fold, self._by_threshold
        found: dict[str, Any] = {
            "threshold": summarise_choices(
                self._scores[alone], [self._choices[n] for n in alone], self._tiles
            ),
            "post_processing": summarise_choices(self._scores, self._choices, self._tiles),
            "checkpoint": checkpoint_choice(self._result.curves),
            "calibration": {
                "ece": round(expected_calibration_error(self.reliability), 6),
                "brier": round(brier_score(predicted.masks, predicted.probabilities), 6),
            },
        }
        if len(self.holdout):
            best = self._choices[int(self._scores.mean(axis=1).argmax())]
            unseen = self._result.holdout
            chosen = score_choices(unseen.masks, unseen.probabilities, [best])
            found["holdout"] = scores_of(self.holdout) | {
                "chosen_map_iou": round(float(chosen.mean()), 6)
            }
        return found

    def sweep(self) -> pd.DataFrame:
        """Competition metric by threshold, no other choice made: `fold`, `threshold`, `map_iou`."""
        alone = self._by_threshold
        table = pd.DataFrame(
            self._scores[alone].T, columns=[self._choices[n].threshold for n in alone]
        )
        means = table.groupby(self._tiles["fold"]).mean().sort_index(axis=1).round(6)
        long = means.reset_index()
        return long.melt("fold", var_name="threshold", value_name="map_iou")
