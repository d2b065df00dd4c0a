from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from saltseg.errors import DataError
from saltseg.tiles.reading.rle import decode, encode

# 3 rows, 4 columns; pixel numbers run 1 4 7 10 / 2 5 8 11 / 3 6 9 12.
HAND_WORKED = [
    ([[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], ""),
    ([[1, 1, 1, 1], [1, 1, 1, 1], [1, 1, 1, 1]], "1 12"),
    ([[1, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]], "1 1"),
    ([[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 0, 1]], "12 1"),
    ([[1, 0, 0, 0], [1, 0, 0, 0], [1, 0, 0, 0]], "1 3"),
    ([[1, 1, 1, 1], [0, 0, 0, 0], [0, 0, 0, 0]], "1 1 4 1 7 1 10 1"),
    ([[0, 1, 0, 0], [0, 0, 0, 0], [1, 0, 1, 1]], "3 2 9 1 12 1"),
]


@pytest.mark.parametrize(("mask", "text"), HAND_WORKED)
def test_hand_worked(mask: list[list[int]], text: str) -> None:
    salt = np.array(mask, dtype=np.uint8)
    assert encode(salt) == text
    decoded = decode(text, 3, 4, "here")
    assert decoded.dtype == np.uint8
    assert decoded.flags.c_contiguous
    np.testing.assert_array_equal(decoded, salt)


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.booleans()))
def test_round_trip(mask: np.ndarray) -> None:
    height, width = mask.shape
    np.testing.assert_array_equal(decode(encode(mask), height, width, "here"), mask)


@given(arrays(np.uint8, array_shapes(min_dims=2, max_dims=2, max_side=12), elements=st.booleans()))
def test_text_names_each_salt_pixel_once(mask: np.ndarray) -> None:
    """Against the definition: pixel p, from 1, lies in row (p - 1) % H of column (p - 1) // H."""
    numbers = [int(word) for word in encode(mask).split()]
    pixels = [
        pixel
        for start, length in zip(numbers[::2], numbers[1::2], strict=True)
        for pixel in range(start, start + length)
    ]
    rows, columns = np.nonzero(mask)
    assert pixels == sorted(rows + 1 + columns * len(mask))
    assert all(later > start + 1 for start, later in pairwise(numbers[::2]))


@given(st.text("0123456789 -+_.x\n\t") | st.text(), st.integers(1, 9), st.integers(1, 9))
def test_any_text_is_a_mask_or_refused(text: str, height: int, width: int) -> None:
    told = ""
    try:
        mask = decode(text, height, width, "here")
    except DataError as error:
        told = str(error)
    else:
        assert mask.shape == (height, width)
        assert mask.dtype == np.uint8
        assert mask.max() <= 1
        assert mask.sum() == sum(map(int, text.split()[1::2]))
    assert "\n" not in told


def test_any_nonzero_value_is_salt() -> None:
    assert encode(np.array([[0, 255], [7, 0]], dtype=np.uint8)) == "2 2"


def test_runs_that_touch_are_two_runs_of_one_mask() -> None:
    np.testing.assert_array_equal(decode("1 2 3 1", 3, 1, "here"), np.ones((3, 1)))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("1 1 " * 10**6, "more runs than the tile has pixels (12)"),
        ("9" * 5000 + " 1", "integers"),
        ("1", "odd count"),
        ("1 2 3", "odd count"),
        ("1 x", "integers"),
        ("1.0 2", "integers"),
        ("1 99999999999999999999", "integers"),
        ("0 2", "count from 1"),
        ("-3 2", "count from 1"),
        ("2 0", "count from 1"),
        ("12 2", "ends at pixel 12"),
        ("13 1", "ends at pixel 12"),
        ("9223372036854775807 9223372036854775807", "ends at pixel 12"),
        ("1 3 3 1", "do not overlap"),
        ("5 1 1 1", "in order"),
        ("5 1 5 1", "do not overlap"),
    ],
)
def test_error_names_the_tile_in_one_line(text: str, why: str) -> None:
    with pytest.raises(DataError) as caught:
        decode(text, 3, 4, "train.csv: tile 0ab1")
    message = str(caught.value)
    assert message.startswith("train.csv: tile 0ab1: ")
    assert why in message
    assert "\n" not in message
    assert len(message) < 500


def test_error_names_the_run() -> None:
    with pytest.raises(DataError, match="run 2 of the run-length text, `12 5`"):
        decode("1 1 12 5", 3, 4, "here")
