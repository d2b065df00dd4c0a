"""Predictions brought back to the size of the tiles."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from saltseg.tiles.native import resize_back


@settings(max_examples=50, deadline=None)
@given(
    arrays(np.float32, (2, 32, 32), elements=st.floats(0, 1, width=32)),
    st.integers(1, 120),
    st.integers(1, 120),
)
def test_resized_back_probabilities_stay_probabilities(
    probabilities: np.ndarray, height: int, width: int
) -> None:
    native = resize_back(probabilities, height, width)
    assert native.shape == (2, height, width)
    assert native.dtype == np.float16
    # Bilinear: no value is made that the tile does not lie around; float16 rounds to 1 in 2048.
    for tile, resized in zip(probabilities, native.astype(np.float32), strict=True):
        assert tile.min() * (1 - 2**-11) - 2**-24 <= resized.min()
        assert resized.max() <= min(1, tile.max() * (1 + 2**-11) + 2**-24)


@settings(max_examples=50, deadline=None)
@given(
    st.floats(0, 1, width=16), st.sampled_from([32, 64]), st.integers(1, 120), st.integers(1, 120)
)
def test_even_tile_stays_even(value: float, side: int, height: int, width: int) -> None:
    tile = np.full((1, side, side), value, np.float32)
    np.testing.assert_allclose(resize_back(tile, height, width), value, rtol=2**-10, atol=2**-23)


@settings(max_examples=50, deadline=None)
@given(arrays(np.float16, (2, 32, 32), elements=st.floats(0, 1, width=16)))
def test_same_size_changes_nothing(probabilities: np.ndarray) -> None:
    native = resize_back(probabilities.astype(np.float32), 32, 32)
    np.testing.assert_array_equal(native, probabilities)


@settings(max_examples=50, deadline=None)
@given(
    arrays(np.float32, (2, 32, 32), elements=st.floats(0, 1, width=32)),
    st.integers(1, 120),
    st.integers(1, 120),
)
def test_resizing_back_a_mirrored_tile_mirrors_it(
    probabilities: np.ndarray, height: int, width: int
) -> None:
    native = resize_back(probabilities, height, width)
    mirrored = resize_back(np.ascontiguousarray(probabilities[:, :, ::-1]), height, width)
    np.testing.assert_allclose(mirrored[:, :, ::-1], native, atol=1e-3)


def test_resize_back_is_bilinear_and_keeps_axes() -> None:
    # Twice as high: the sample points lie at -0.25, 0.25, 0.75, 1.25 between two rows.
    rows = np.array([[[0.0, 0.0], [1.0, 1.0]]], np.float32)
    native = resize_back(rows, height=4, width=3)
    expected = np.repeat([[0], [0.25], [0.75], [1]], 3, axis=1)
    np.testing.assert_array_equal(native[0], expected)
