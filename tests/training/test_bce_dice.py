"""The loss against numbers worked out by hand."""

import math

import numpy as np
import pytest

from saltseg.objectives.losses.bce_dice import BceDice


def loss_of(masks: list, probabilities: list) -> float:
    """Loss of a batch given as nested lists (B, H, W)."""
    truth = np.array(masks, np.uint8)[..., None]
    return float(BceDice()(truth, np.array(probabilities, np.float32)[..., None]))


def test_one_tile_by_hand() -> None:
    # Each pixel is 0.8 sure of the truth: cross-entropy -ln 0.8.
    # Dice: overlap 2 * 0.8 + 1 = 2.6, sizes 1 + (0.8 + 3 * 0.2) + 1 = 3.4.
    expected = -math.log(0.8) + 1 - 2.6 / 3.4
    assert loss_of([[[1, 0], [0, 0]]], [[[0.8, 0.2], [0.2, 0.2]]]) == pytest.approx(expected)


def test_dice_pools_the_batch() -> None:
    # Overlap 2 * (0.5 + 0) + 1 = 2, sizes 1 + (0.5 + 0.5) + 1 = 3; the mean of tiles differs.
    expected = math.log(2) + 1 - 2 / 3
    assert loss_of([[[1]], [[0]]], [[[0.5]], [[0.5]]]) == pytest.approx(expected)


def test_empty_against_empty_costs_next_to_nothing() -> None:
    assert loss_of([[[0, 0], [0, 0]]], [[[0, 0], [0, 0]]]) == pytest.approx(0, abs=1e-5)


def test_full_against_full_costs_next_to_nothing() -> None:
    assert loss_of([[[1, 1], [1, 1]]], [[[1, 1], [1, 1]]]) == pytest.approx(0, abs=1e-5)


def test_all_wrong_is_dear_and_finite() -> None:
    # Cross-entropy is cut off at a probability of 1e-7, or -ln 1e-7 = 16.1; Dice 1 - 1 / 5.
    loss = loss_of([[[1, 1], [0, 0]]], [[[0, 0], [1, 1]]])
    assert loss == pytest.approx(16.1 + 0.8, abs=0.2)
