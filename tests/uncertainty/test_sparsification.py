"""Pixels left out by uncertainty, against curves that can be worked out."""

import numpy as np
import pytest

from saltseg.uncertainty.sparsification import Sparsification, ause, oracle_curve, rank, sparsify

RANDOM = np.random.default_rng(0)
SHAPE = (5, 40, 50)
NOISE = RANDOM.random(SHAPE) / 2


def curve(uncertainty: np.ndarray, wrong: np.ndarray) -> Sparsification:
    return sparsify(rank(uncertainty, wrong))


def rates_one_by_one(uncertainty: np.ndarray, wrong: np.ndarray) -> np.ndarray:
    """Error rate of the rest, pixel by pixel; among equals errors are spread evenly."""
    order = np.argsort(-uncertainty.ravel(), kind="stable")
    u, w = uncertainty.ravel()[order], wrong.ravel()[order].astype(float)
    for value in np.unique(u):
        w[u == value] = w[u == value].mean()
    return w[::-1].cumsum()[::-1] / np.arange(len(w), 0, -1)


def test_of_four_pixels_by_hand() -> None:
    uncertainty = np.array([[[0.4, 0.3, 0.2, 0.1]]])
    found = curve(uncertainty, np.array([[[True, False, True, False]]]))
    assert found.left_out.tolist() == [0, 0.25, 0.5, 0.75]
    assert found.error == pytest.approx([1 / 2, 1 / 3, 1 / 2, 0])
    assert found.error_at([0, 0.25, 0.375, 0.9]) == pytest.approx([1 / 2, 1 / 3, 2 / 5, 0])
    # In between, r left out: (2 - 4 r), 1, (3 - 4 r), and 0, each over (4 - 4 r).
    areas = [0.25 - 0.5 * np.log(4 / 3), 0.25 * np.log(3 / 2), 0.25 - 0.25 * np.log(2)]
    oracle = 0.5 - 0.5 * np.log(2)
    assert found.ause == pytest.approx(sum(areas) - oracle)


def test_wrong_pixels_first_is_the_oracle() -> None:
    wrong = RANDOM.random(SHAPE) < 0.1
    found = curve(np.where(wrong, 0.3, 0.2), wrong)
    assert found.ause == pytest.approx(0, abs=1e-12)
    assert found.of_random == pytest.approx(0, abs=1e-12)
    shares = np.linspace(0, 0.99, 50)
    np.testing.assert_allclose(
        found.error_at(shares), oracle_curve(shares, wrong.mean()), atol=1e-12
    )


@pytest.mark.parametrize("uncertainty", [NOISE, np.full(SHAPE, 0.2)], ids=["noise", "constant"])
def test_a_random_order_changes_nothing(uncertainty: np.ndarray) -> None:
    wrong = RANDOM.random(SHAPE) < 0.1
    found = curve(uncertainty, wrong)
    assert found.of_random == pytest.approx(1, abs=0.05)
    assert found.error_at(np.linspace(0, 0.7, 8)) == pytest.approx(wrong.mean(), abs=0.02)


def test_sure_pixels_first_is_worse_than_random() -> None:
    wrong = RANDOM.random(SHAPE) < 0.1
    assert curve(np.where(wrong, 0.1, 0.2), wrong).of_random > 2


@pytest.mark.parametrize("steps", [3, 100, 10**6])
def test_the_area_is_that_of_pixels_one_by_one(steps: int) -> None:
    uncertainty = np.round(NOISE * steps) / steps
    wrong = RANDOM.random(SHAPE) < uncertainty**2
    found = curve(uncertainty, wrong)
    rates = rates_one_by_one(uncertainty, wrong)
    oracle = rates_one_by_one(wrong.astype(float), wrong)
    assert found.ause == pytest.approx(rates.mean() - oracle.mean(), abs=2e-5)
    places = [0, 1000, 5000, 9000]
    shares = np.array(places) / len(rates)
    # Within ties the rates of single pixels are those of the curve.
    assert found.error_at(shares) == pytest.approx(rates[places], abs=2e-3)


def test_areas_of_drawn_tiles_are_those_of_these_tiles_alone() -> None:
    wrong = RANDOM.random(SHAPE) < NOISE
    ranked = rank(NOISE, wrong)
    drawn = [0, 0, 3]
    weights = np.array([[2.0, 0, 0, 1, 0], [1, 1, 1, 1, 1]])
    some, all_ = ause(weights @ ranked.pixels, weights @ ranked.wrong)
    assert some == pytest.approx(curve(NOISE[drawn], wrong[drawn]).ause, abs=1e-3)
    assert all_ == pytest.approx(curve(NOISE, wrong).ause)


def test_groups_that_no_drawn_tile_has_change_nothing() -> None:
    pixels = np.array([0.0, 4, 0, 6, 0])
    wrong = np.array([0.0, 3, 0, 1, 0])
    assert ause(pixels, wrong) == pytest.approx(float(ause(pixels[[1, 3]], wrong[[1, 3]])))
