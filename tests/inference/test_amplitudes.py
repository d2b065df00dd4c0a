"""Amplitudes to grey levels, by hand-worked numbers."""

import doctest

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from saltseg.errors import DataError
from saltseg.inference.grey import amplitudes as module
from saltseg.inference.grey.amplitudes import clip_limit, grey_levels


def test_zero_is_the_middle_and_the_limit_white() -> None:
    amplitudes = np.array([[-20, -10, -5, 0, 5, 10, 2000]])
    # 127.5 times 0, 0, 0.5, 1, 1.5, 2, 2 = 0, 0, 63.75, 127.5, 191.25, 255, 255.
    assert grey_levels(amplitudes, 10).tolist() == [[0, 0, 64, 128, 191, 255, 255]]


def test_limit_is_a_percentile_of_both_signs() -> None:
    amplitudes = np.concatenate([np.arange(100), [-1e6]])
    assert clip_limit(amplitudes, 50) == 50
    assert clip_limit(amplitudes, 100) == 1e6
    assert clip_limit(np.array([np.nan, np.inf, -3.0]), 99) == 3
    assert clip_limit(np.array([np.nan])) == 1


@pytest.mark.parametrize("dtype", [np.int8, np.int16, np.int32])
def test_the_lowest_integer_is_louder_than_any(dtype: type[np.integer]) -> None:
    amplitudes = np.array([np.iinfo(dtype).min, 0, 1], dtype)
    assert clip_limit(amplitudes, 100) == -float(np.iinfo(dtype).min)
    assert grey_levels(amplitudes, clip_limit(amplitudes, 100)).tolist()[:2] == [0, 128]


@pytest.mark.parametrize("unit", [1e-60, 1e300])
def test_any_unit_will_do(unit: float) -> None:
    amplitudes = np.array([-2, -1, 0, 1, 2]) * unit
    assert grey_levels(amplitudes, 2 * unit).tolist() == [0, 64, 128, 191, 255]


def test_without_limit_it_is_their_own() -> None:
    amplitudes = np.linspace(-3, 3, 1001)
    limit = clip_limit(amplitudes)
    assert limit == pytest.approx(0.99 * 3, abs=0.01)
    np.testing.assert_array_equal(grey_levels(amplitudes), grey_levels(amplitudes, limit))


def test_silence_is_grey() -> None:
    assert (grey_levels(np.zeros((3, 4))) == 128).all()


def test_a_whisper_in_silence_is_heard() -> None:
    amplitudes = np.zeros(1000)
    amplitudes[:5] = [-1e-3, 1e-3, 5e-4, -5e-4, 0]
    assert clip_limit(amplitudes, 99) == 1e-3
    assert grey_levels(amplitudes)[:5].tolist() == [0, 255, 191, 64, 128]


@settings(max_examples=100, deadline=None)
@given(
    arrays(np.float32, 20, elements=st.floats(-(2.0**100), 2.0**100, width=32)),
    st.floats(1e-3, 1e30),
)
def test_louder_is_never_darker(amplitudes: np.ndarray, limit: float) -> None:
    grey = grey_levels(np.sort(amplitudes), limit)
    assert grey.dtype == np.uint8
    assert (np.diff(grey.astype(int)) >= 0).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_what_cannot_be_scaled_is_named(bad: float) -> None:
    amplitudes = np.zeros((5, 6))
    amplitudes[3, 4:] = bad
    with pytest.raises(DataError, match=r"here: 2 amplitudes .*first at \(3, 4\)"):
        grey_levels(amplitudes, where="here")


def test_example_of_the_docstring() -> None:
    assert doctest.testmod(module) == (0, 1)
