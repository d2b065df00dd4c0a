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
    assert native.min() >= 0
    assert native.max() <= 1


def test_resize_back_is_bilinear_and_keeps_axes() -> None:
    # Twice as high: the sample points lie at -0.25, 0.25, 0.75, 1.25 between two rows.
    rows = np.array([[[0.0, 0.0], [1.0, 1.0]]], np.float32)
    native = resize_back(rows, height=4, width=3)
    expected = np.repeat([[0], [0.25], [0.75], [1]], 3, axis=1)
    np.testing.assert_array_equal(native[0], expected)
