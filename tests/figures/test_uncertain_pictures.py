"""Uncertainty drawn over pictures, and the curves of what it predicts."""

from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import pytest

from saltseg.figures.overlay import overlay
from saltseg.figures.sparsification import sparsification
from saltseg.figures.uncertainty import uncertainty_overlay, with_legend
from saltseg.uncertainty.sparsification import rank, sparsify

pytestmark = pytest.mark.filterwarnings("error")

GREY = np.full((40, 50), 128, np.uint8)
BLUE = (207, 155, 31)  # of #1f9bcf, blue first


def test_what_is_certain_stays_grey_and_the_rest_has_the_colour_of_the_legend() -> None:
    uncertainty = np.zeros(GREY.shape)
    uncertainty[:, 20:] = 0.2
    drawn = uncertainty_overlay(GREY, GREY * 0, uncertainty)
    assert (drawn[:, :20] == 128).all()
    colour = drawn[0, 30].astype(int)
    assert np.ptp(colour) > 60
    legend = with_legend(drawn)[46]
    at = 10 + round(0.2 / 0.5 * 299)
    assert np.abs(legend[at].astype(int) - colour).max() <= 3
    assert np.abs(legend[10].astype(int) - 128).max() <= 3
    # Each step of a tenth looks another.
    steps = [legend[10 + round(tenth / 5 * 299)].astype(int) for tenth in range(6)]
    assert min(np.abs(a - b).sum() for a, b in pairwise(steps)) > 25


def test_salt_is_outlined_as_in_other_pictures() -> None:
    mask = GREY * 0
    mask[5:15, 10:20] = 1
    drawn = uncertainty_overlay(GREY, mask, np.zeros(GREY.shape))
    line = (drawn == BLUE).all(axis=2)
    np.testing.assert_array_equal(line, (overlay(GREY, mask) == BLUE).all(axis=2))
    assert (drawn[10, 15] == 128).all()


def test_the_legend_is_below_whatever_the_width() -> None:
    for width in (20, 900):
        picture = np.full((30, width, 3), 7, np.uint8)
        whole = with_legend(picture)
        np.testing.assert_array_equal(whole[:30, :width], picture)
        assert (whole[:30, width:] == 255).all()
        assert whole.shape[1] >= 320
        below = whole[30:]
        assert (below[:, -5:] == 255).all()
        assert (below[25:] < 128).any()  # its words


def test_the_curves_are_a_picture_that_repeats(tmp_path: Path) -> None:
    wrong = np.random.default_rng(0).random((2, 30, 30)) < 0.1
    found = sparsify(rank(np.where(wrong, 0.3, 0.1), wrong))
    curves = {"spread of 3 networks": found, "p (1 - p) of the mean": found}
    for name in ("a.png", "b.png"):
        sparsification(curves, float(wrong.mean()), "plain: hold-out", tmp_path / name)
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()
    assert cv2.imread(str(tmp_path / "a.png")).shape == (484, 770, 3)
