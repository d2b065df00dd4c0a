"""Choices made by other folds: each by hand, and none that could have peeked."""

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from saltseg.params import Choices
from saltseg.scoring.choices import (
    Choice,
    all_choices,
    cross_fit,
    masked,
    score_choices,
    summarise_choices,
)
from saltseg.scoring.scores import DECIDING, count_pixels
from saltseg.tiles.masks import UNLABELLED


def test_every_combination_once_nearest_to_the_fixed_one_first() -> None:
    offered = Choices(threshold=[0.3, 0.6, 0.9], region=[50], mask=[10, 0])
    choices = all_choices(offered, 0.5)
    assert choices[0] == Choice(0.5)
    assert [choice.threshold for choice in choices[:4]] == [0.5, 0.6, 0.3, 0.9]
    assert choices[4] == Choice(0.5, 0, 10)
    assert len(choices) == len(set(choices)) == 4 * 2 * 2


@pytest.fixture
def tile() -> tuple[np.ndarray, np.ndarray]:
    """Salt in the upper half; predicted there, with one stray region of 4 pixels below."""
    mask = np.zeros((1, 10, 10), np.uint8)
    mask[0, :5] = 1
    probability = np.where(mask, 0.7, 0.1)
    probability[0, 8:, 8:] = 0.6
    return mask, probability


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (Choice(0.5), 0.9),  # IoU 50 / 54 = 0.926: above 9 of the 10 thresholds
        (Choice(0.5, region=4), 0.9),
        (Choice(0.5, region=5), 1.0),
        (Choice(0.65), 1.0),
        (Choice(0.5, mask=54), 0.9),
        (Choice(0.5, mask=55), 0.0),
        (Choice(0.5, region=5, mask=51), 0.0),  # regions are dropped first
        (Choice(0.7), 0.0),  # above, not from
        (Choice(0.05), 0.0),  # all salt: IoU 0.5, and a hit must be above
    ],
)
def test_one_tile_by_hand(
    tile: tuple[np.ndarray, np.ndarray], choice: Choice, expected: float
) -> None:
    assert score_choices(*tile, [choice])[0, 0] == pytest.approx(expected)


def test_regions_that_touch_at_a_corner_are_one() -> None:
    mask = np.zeros((1, 4, 4), np.uint8)
    mask[0, :2, :2] = mask[0, 2:, 2:] = 1
    assert score_choices(mask, mask * 0.9, [Choice(0.5, region=8)])[0, 0] == 1


def test_empty_tiles_count_as_in_the_competition() -> None:
    masks = np.zeros((2, 4, 4), np.uint8)
    probabilities = np.zeros((2, 4, 4))
    probabilities[1, 0, 0] = 0.9
    scores = score_choices(masks, probabilities, [Choice(0.5), Choice(0.5, mask=2)])
    assert scores.tolist() == [[1, 0], [1, 1]]


def plainly(mask: np.ndarray, probability: np.ndarray, choice: Choice) -> float:
    """The metric of one tile by what the choice says, region by region."""
    labels, count = ndimage.label(probability > choice.threshold, np.ones((3, 3)))
    salt = np.zeros(mask.shape, bool)
    for region in range(1, count + 1):
        if (labels == region).sum() >= choice.region:
            salt |= labels == region
    if salt.sum() < choice.mask:
        salt[:] = False
    return float(DECIDING.of(count_pixels(mask[None], salt[None])).iloc[0])


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
def test_all_at_once_is_one_by_one(dtype: type) -> None:
    """On smooth noise, in steps, so that probabilities lie right on thresholds, too.

    Some masks are labelled in part: regions there are as large as they are.
    """
    draw = np.random.default_rng(0)
    noise = ndimage.gaussian_filter(draw.normal(size=(12, 24, 24)), (0, 2, 2))
    steps = np.clip(np.round(10 * (0.4 + 2 * noise)) / 10, 0, 1)
    probabilities = steps.astype(dtype)
    masks = (noise + 0.05 * draw.normal(size=noise.shape) > 0.05).astype(np.uint8)
    masks[::3, :9] = UNLABELLED
    offered = Choices(threshold=[0.1, 0.3, 0.6, 0.7], region=[5, 30], mask=[20, 60])
    choices = all_choices(offered, 0.5)
    expected = [
        [plainly(*tile, choice) for tile in zip(masks, probabilities, strict=True)]
        for choice in choices
    ]
    assert len(np.unique(expected)) > 5
    np.testing.assert_allclose(score_choices(masks, probabilities, choices), expected)
    made = [[masked(probability, choice) for probability in probabilities] for choice in choices]
    scored = [DECIDING.of(count_pixels(masks, np.array(found) > 0)) for found in made]
    np.testing.assert_allclose(scored, expected)


TILES = pd.DataFrame({"id": [f"t{n}" for n in range(12)], "fold": np.repeat([0, 1, 2], 4)})
# Choice 1 is best for folds 0 and 1, choice 2 for fold 2 alone, and by far.
SCORES = np.array([[0.5] * 12, [0.6] * 8 + [0.1] * 4, [0.2] * 8 + [1.0] * 4])


def test_a_fold_has_no_say_in_its_own_choice() -> None:
    """Peeking, fold 2 would take choice 2, and each other fold could outvote the third."""
    assert cross_fit(SCORES, TILES) == {0: 2, 1: 2, 2: 1}


def test_scores_of_a_fold_do_not_change_its_choice() -> None:
    random = np.random.default_rng(0)
    scores = random.random((5, 12))
    for fold in range(3):
        other = scores.copy()
        other[:, TILES["fold"] == fold] = random.random((5, 4))
        assert cross_fit(scores, TILES)[fold] == cross_fit(other, TILES)[fold]


def test_ties_go_to_the_first() -> None:
    assert cross_fit(np.ones((3, 12)), TILES) == {0: 0, 1: 0, 2: 0}


def test_a_tile_has_no_say_in_another_division_of_it_either() -> None:
    """Fold 3 divides anew: it holds two tiles of fold 2, which would take choice 2 for it."""
    tiles = pd.concat([TILES, pd.DataFrame({"id": ["t8", "t9"], "fold": 3})], ignore_index=True)
    again = np.array([[0.5] * 2, [0.1] * 2, [9.0] * 2])
    chosen = cross_fit(np.hstack([SCORES, again]), tiles)
    assert chosen[2] == 1  # its own tiles stay out, as fold 3 scores them, too
    other = np.hstack([SCORES, 0 * again])
    other[:, 8:10] = [[0.0], [1.0], [0.0]]
    assert chosen[3] == cross_fit(other, tiles)[3]


def test_the_fixed_choice_where_no_other_tile_could_choose() -> None:
    tiles = pd.DataFrame({"id": ["a", "b", "a", "b"], "fold": [0, 0, 2, 2]})
    assert cross_fit(np.eye(4), tiles) == {0: 0, 2: 0}


def test_summary_by_hand() -> None:
    choices = [Choice(0.5), Choice(0.4), Choice(0.3)]
    assert summarise_choices(SCORES, choices, TILES) == {
        "fixed": 0.5,
        "naive": 0.5,
        "best_choice": {"threshold": 0.5, "region": 0, "mask": 0},
        "cross_fitted": round((0.2 + 0.2 + 0.1) / 3, 6),
        "optimism": round(0.5 - (0.2 + 0.2 + 0.1) / 3, 6),
        "chosen": {
            "0": {"threshold": 0.3, "region": 0, "mask": 0},
            "1": {"threshold": 0.3, "region": 0, "mask": 0},
            "2": {"threshold": 0.4, "region": 0, "mask": 0},
        },
    }


def test_one_fold_alone_has_nobody_to_choose_for_it() -> None:
    told = summarise_choices(SCORES[:, :4], [Choice(0.5)] * 3, TILES[:4])
    best = Choice(0.5)._asdict()
    assert told == {"fixed": 0.5, "naive": 0.6, "best_choice": best}


def test_choosing_among_noise_is_all_optimism() -> None:
    """Where no choice is better than another, what naive choosing gains is gone on new tiles."""
    random = np.random.default_rng(0)
    tiles = pd.DataFrame({"id": np.arange(200), "fold": np.repeat(np.arange(5), 40)})
    gains, optimism = [], []
    for _ in range(100):
        scores = random.normal(0.5, 0.2, (30, 200))
        told = summarise_choices(scores, [Choice(0.5)] * 30, tiles)
        gains.append(told["naive"] - 0.5)
        optimism.append(told["optimism"])
    assert np.mean(gains) > 0.02
    assert np.mean(optimism) == pytest.approx(np.mean(gains), abs=0.01)
