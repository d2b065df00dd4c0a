"""Uncertainty held against error on arrays in which one of the two measures is right."""

import math

import numpy as np
import pytest

from saltseg.errors import DataError
from saltseg.tiles.masks import UNLABELLED
from saltseg.uncertainty.judgement import Judgement, judge

RANDOM = np.random.default_rng(0)
SHAPE = (12, 20, 20)
MASKS = (RANDOM.random(SHAPE) < 0.4).astype(np.uint8)
WRONG = RANDOM.random(SHAPE) < 0.15
SURE, UNSURE = 0.1, 0.4


def judged(spread: np.ndarray, distance: np.ndarray, groups: object = None) -> Judgement:
    """Two networks `spread` apart on both sides of a mean that is `distance` from certain."""
    salt = (MASKS > 0) ^ WRONG
    mean = np.where(salt, 1 - distance, distance)
    return judge([mean - spread, mean + spread], mean.astype(np.float32), MASKS, 0.5, groups)


def marked(places: np.ndarray) -> np.ndarray:
    return np.where(places, UNSURE, SURE)


def test_spread_where_it_is_wrong_is_perfect_and_the_mean_knows_nothing() -> None:
    found = judged(marked(WRONG), np.full(SHAPE, 0.3))
    assert (found.tiles, found.pixels) == (12, WRONG.size)
    assert found.error == pytest.approx(WRONG.mean())
    assert found.deviation.of_random == pytest.approx(0, abs=1e-9)
    assert found.ambiguity.of_random == pytest.approx(1)
    assert found.difference == pytest.approx(found.deviation.ause - found.ambiguity.ause)
    low, high = found.interval
    assert low < found.difference < high < 0


def test_the_mean_may_know_better() -> None:
    found = judged(marked(RANDOM.random(SHAPE) < 0.15), marked(WRONG))
    assert found.ambiguity.of_random == pytest.approx(0, abs=1e-6)
    assert found.deviation.of_random == pytest.approx(1, abs=0.1)
    assert found.interval[0] > 0


def test_what_is_equal_is_not_told_apart() -> None:
    unsure = marked(WRONG ^ (RANDOM.random(SHAPE) < 0.1))
    found = judged(unsure, unsure)
    assert found.difference == pytest.approx(0, abs=1e-9)
    assert found.interval == pytest.approx((0, 0), abs=1e-9)


def test_unlabelled_pixels_do_not_count() -> None:
    draw = np.random.default_rng(3)
    masks = draw.integers(0, 2, (6, 8, 10), np.uint8)
    each = [draw.random((6, 8, 10), np.float32) for _ in range(3)]
    mean = np.mean(each, axis=0)
    part = judge([one[..., :4] for one in each], mean[..., :4], masks[..., :4], 0.5)
    masks[..., 4:] = UNLABELLED
    whole = judge(each, mean, masks, 0.5)
    assert (whole.pixels, whole.error) == (part.pixels, part.error) == (192, part.error)
    assert whole.deviation.ause == pytest.approx(part.deviation.ause)
    assert whole.ambiguity.ause == pytest.approx(part.ambiguity.ause)
    assert whole.interval == pytest.approx(part.interval)


def test_mosaics_are_drawn_whole() -> None:
    # Four mosaics of three tiles each, one less well judged than the other.
    quality = np.array([0.0, 0.05, 0.2, 0.4]).repeat(3)[:, None, None]
    spread = marked(WRONG ^ (RANDOM.random(SHAPE) < quality))
    distance = np.full(SHAPE, 0.3)
    tiles, mosaics = (
        np.diff(judged(spread, distance, groups).interval) for groups in (None, np.arange(12) // 3)
    )
    assert mosaics > 1.4 * tiles
    assert all(math.isnan(end) for end in judged(spread, distance, np.zeros(12)).interval)


def test_the_same_tiles_give_the_same_interval() -> None:
    first, second = (judged(marked(WRONG), np.full(SHAPE, 0.3)) for _ in range(2))
    assert first.interval == second.interval


@pytest.mark.parametrize("mean", [MASKS, 1 - MASKS, MASKS[:0]], ids=["right", "wrong", "none"])
def test_without_an_error_there_is_nothing_to_predict(mean: np.ndarray) -> None:
    probabilities = mean.astype(np.float32)
    with pytest.raises(DataError, match=r"pixels are wrong: no order") as caught:
        judge([probabilities] * 2, probabilities, MASKS[: len(mean)], 0.5)
    assert "\n" not in str(caught.value)
