"""Calibration, by hand and against scikit-learn."""

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss

from saltseg.scoring.calibration import brier_score, expected_calibration_error, reliability
from saltseg.tiles.masks import UNLABELLED


def test_by_hand() -> None:
    # Bin 0..0.5: 0.1, 0.3 with one salt; bin 0.5..1: 0.5, 1.0 with one.
    masks = np.array([[[1, 0], [0, 1]]], np.uint8)
    probabilities = np.array([[[0.1, 0.3], [0.5, 1.0]]])
    table = reliability(masks, probabilities, bins=2)
    assert table["pixels"].tolist() == [2, 2]
    assert table["probability"].tolist() == [0.2, 0.75]
    assert table["salt"].tolist() == [0.5, 0.5]
    assert expected_calibration_error(table) == pytest.approx((0.3 + 0.25) / 2)
    assert brier_score(masks, probabilities) == pytest.approx((0.81 + 0.09 + 0.25 + 0) / 4)


def test_unlabelled_pixels_count_nowhere() -> None:
    """As if they were cut off, and a tile with fewer pixels then has less weight."""
    random = np.random.default_rng(1)
    masks, probabilities = random.integers(0, 2, (2, 6, 6), np.uint8), random.random((2, 6, 6))
    gaps = masks.copy()
    gaps[1, :, 2:] = UNLABELLED
    both = (masks, probabilities)
    alone = [np.append(one[0], one[1, :, :2])[None, None] for one in both]
    pd.testing.assert_frame_equal(reliability(gaps, probabilities), reliability(*alone))
    assert brier_score(gaps, probabilities) == pytest.approx(brier_score(*alone))


def test_as_scikit_learn() -> None:
    random = np.random.default_rng(0)
    probabilities = random.random((5, 20, 30))
    masks = (random.random((5, 20, 30)) < probabilities**2).astype(np.uint8)
    table = reliability(masks, probabilities, bins=10)
    salt, mean = calibration_curve(masks.ravel(), probabilities.ravel(), n_bins=10)
    np.testing.assert_allclose(table["salt"], salt, atol=1e-6)
    np.testing.assert_allclose(table["probability"], mean, atol=1e-6)
    assert brier_score(masks, probabilities) == pytest.approx(
        brier_score_loss(masks.ravel(), probabilities.ravel())
    )


def test_calibrated_probabilities_have_no_error() -> None:
    random = np.random.default_rng(0)
    probabilities = random.random((50, 60, 60)).astype(np.float16)
    masks = (random.random((50, 60, 60)) < probabilities).astype(np.uint8)
    assert expected_calibration_error(reliability(masks, probabilities)) < 0.01


def test_certain_and_right() -> None:
    masks = np.array([[[0, 1]]], np.uint8)
    table = reliability(masks, masks.astype(np.float16))
    assert expected_calibration_error(table) == brier_score(masks, masks.astype(np.float16)) == 0
    assert table["salt"].isna().sum() == len(table) - 2
