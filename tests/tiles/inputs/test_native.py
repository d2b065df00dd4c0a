"""The tiles as they come: predictions brought back to their size, depths within their range."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from saltseg.errors import DataError
from saltseg.params import Preprocess
from saltseg.tiles.inputs.native import Native

RESIZED = Preprocess(side=32, channels=["intensity"])


@settings(max_examples=50, deadline=None)
@given(
    arrays(np.float32, (2, 32, 32), elements=st.floats(0, 1, width=32)),
    st.integers(1, 120),
    st.integers(1, 120),
)
def test_resized_back_probabilities_stay_probabilities(
    probabilities: np.ndarray, height: int, width: int
) -> None:
    native = Native(height=height, width=width).fit_all_back(probabilities, RESIZED)
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
    np.testing.assert_allclose(
        Native(height=height, width=width).fit_all_back(tile, RESIZED),
        value,
        rtol=2**-10,
        atol=2**-23,
    )


@settings(max_examples=50, deadline=None)
@given(arrays(np.float16, (2, 32, 32), elements=st.floats(0, 1, width=16)))
def test_same_size_changes_nothing(probabilities: np.ndarray) -> None:
    native = Native(height=32, width=32).fit_all_back(probabilities.astype(np.float32), RESIZED)
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
    native = Native(height=height, width=width).fit_all_back(probabilities, RESIZED)
    mirrored = Native(height=height, width=width).fit_all_back(
        np.ascontiguousarray(probabilities[:, :, ::-1]), RESIZED
    )
    np.testing.assert_allclose(mirrored[:, :, ::-1], native, atol=1e-3)


def test_resize_back_is_bilinear_and_keeps_axes() -> None:
    # Twice as high: the sample points lie at -0.25, 0.25, 0.75, 1.25 between two rows.
    rows = np.array([[[0.0, 0.0], [1.0, 1.0]]], np.float32)
    native = Native(height=4, width=3).fit_all_back(rows, RESIZED)
    expected = np.repeat([[0], [0.25], [0.75], [1]], 3, axis=1)
    np.testing.assert_array_equal(native[0], expected)


@pytest.mark.parametrize("depths", [None, (100, 300)])
def test_read_is_what_was_written(tmp_path: Path, depths: tuple[float, float] | None) -> None:
    native, path = Native(height=4, width=5, depths=depths), tmp_path / "native.json"
    path.write_text(native.model_dump_json())
    assert Native.read(path) == native


@pytest.mark.parametrize("text", ["", "{}", '{"height": 0, "width": 5}', '{"height": 4', "[1]"])
def test_what_is_no_size_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "native.json"
    path.write_text(text)
    with pytest.raises(DataError, match=r"native.json: .*run `dvc repro`"):
        Native.read(path)


def test_depths_of_other_tiles_stay_within_the_survey() -> None:
    z = np.array([100, 300, 150, 20, 700.0])
    native = Native(height=1, width=1, depths=(100, 300))
    assert native.relative(z).tolist() == [0, 1, 0.25, 0, 1]


def test_depths_in_kilometres_use_the_whole_range() -> None:
    z = np.array([1.25, 1.5, 1.375])
    assert Native(height=1, width=1, depths=(1.25, 1.5)).relative(z).tolist() == [0, 1, 0.5]


def test_equal_depths_and_none_are_zero() -> None:
    z = np.array([70.0, 70.0])
    assert Native(height=1, width=1, depths=(70, 70)).relative(z).tolist() == [0, 0]
    assert Native(height=1, width=1).relative(z * np.nan).tolist() == [0, 0]
