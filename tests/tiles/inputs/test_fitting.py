"""Tiles brought to the side of the input and back, resized or padded."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saltseg.params import Preprocess
from saltseg.tiles.inputs.fitting import fit_back, fit_channel, fit_mask


def options(side: int, fit: str) -> Preprocess:
    """Of any side, which files of parameters may not ask for."""
    return Preprocess.model_construct(side=side, fit=fit, channels=["intensity"])


def test_shrinking_averages_areas() -> None:
    tile = np.array([[0, 100], [50, 250]], np.uint8).repeat(2, axis=0).repeat(2, axis=1)
    np.testing.assert_array_equal(fit_channel(tile, options(2, "resize")), [[0, 100], [50, 250]])


def test_padding_mirrors_the_tile_around_its_edges() -> None:
    tile = np.array([[1, 2, 3]], np.uint8).repeat(2, axis=0)
    padded = fit_channel(tile, options(6, "pad"))
    np.testing.assert_array_equal(padded, [[2, 1, 2, 3, 2, 1]] * 6)
    np.testing.assert_array_equal(fit_mask(tile, options(6, "pad")), padded)


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 64), st.integers(2, 64), st.integers(0, 2**32 - 1))
def test_padded_and_brought_back_a_tile_is_the_same(height: int, width: int, seed: int) -> None:
    tile = np.random.default_rng(seed).integers(0, 256, (height, width), np.uint8)
    padded = fit_channel(tile, options(64, "pad"))
    assert padded.shape == (64, 64)
    back = fit_back(padded.astype(np.float32), height, width, options(64, "pad"))
    np.testing.assert_array_equal(back, tile)


@pytest.mark.parametrize("fit", ["resize", "pad"])
def test_what_does_not_fit_in_is_resized(fit: str) -> None:
    tile = np.full((80, 20), 9, np.uint8)
    assert (fit_channel(tile, options(64, fit)) == 9).all()
    assert fit_back(np.ones((64, 64), np.float32), 80, 20, options(64, fit)).shape == (80, 20)
