"""Verdicts on cross-validations whose truth is known: learners that share their training tiles."""

from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import StratifiedKFold
from sklearn.naive_bayes import GaussianNB

from saltseg.comparison.networks import Contestant, Cost, compare
from saltseg.comparison.posterior import Interval

CLUES = 6
"""Features of each learner, of which every one tells the classes apart a little."""


def cross_validated(label: str, clues: np.ndarray, truth: np.ndarray, folds: int) -> Contestant:
    """A learner on some features; a tile scores 1 where it is told rightly."""
    tiles = pd.DataFrame({"id": np.arange(len(truth)).astype(str), "coverage_class": 0})
    tiles["fold"], tiles["map_iou"] = 0, 0.0
    splits = StratifiedKFold(folds, shuffle=True, random_state=0).split(clues, truth)
    for fold, (train, test) in enumerate(splits):
        found = GaussianNB().fit(clues[train], truth[train]).predict(clues[test])
        tiles.loc[test, ["fold", "map_iou"]] = np.stack(
            [[fold] * len(test), found == truth[test]], 1
        )
    tiles = tiles.astype({"fold": int}).assign(group=tiles["id"])
    return Contestant(label, tiles, pd.DataFrame(), folds, Cost(1, 1))


def verdicts(
    strengths: tuple[float, float], count: int, ropes: Sequence[float]
) -> list[Counter[str]]:
    """Verdicts on so many surveys for each rope.

    A learner's features differ between classes by its strength.
    """
    random, found = np.random.default_rng(4), [Counter[str]() for _ in ropes]
    for _ in range(count):
        truth = np.arange(200) % 2
        pair = []
        for label, strength in zip("AB", strengths, strict=True):
            clues = random.normal(size=(len(truth), CLUES)) + strength * truth[:, None]
            pair.append(cross_validated(label, clues, truth, folds=5))
        for rope, counted in zip(ropes, found, strict=True):
            said = compare(*pair, rope=rope).verdict
            counted[next(one for one in STARTS if said.startswith(one))] += 1
    return found


@pytest.fixture(autouse=True)
def verdict_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Verdicts look neither at intervals over tiles nor at plans, which take most of the time."""
    name = "saltseg.comparison.networks.bootstrap_interval"
    monkeypatch.setattr(name, lambda *_, **__: Interval(0, 0))
    monkeypatch.setattr("saltseg.comparison.networks.outlook", lambda *_: "")


STARTS = ("A is better", "B is better", "A and B are practically equal", "Undecided", "No verdict")


def test_without_a_difference_one_is_called_better_in_one_of_twenty_at_most() -> None:
    for found in verdicts((0.5, 0.5), 200, (0.0, 0.01)):
        assert found["A is better"] + found["B is better"] <= 0.05 * 200


def test_a_large_difference_is_found_and_a_rope_as_wide_as_the_scores_equals_all() -> None:
    [found] = verdicts((1.0, 0.1), 40, [0.01])
    assert found["A is better"] > 0.9 * 40
    [found] = verdicts((0.5, 0.5), 40, [0.3])
    assert found["A and B are practically equal"] > 0.8 * 40
