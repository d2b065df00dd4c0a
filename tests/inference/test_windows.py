"""Windows cover a section, and their predictions make one picture."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saltseg.inference.windows import Canvas

SIDES = st.integers(2, 150)
OVERLAPS = st.sampled_from([0.0, 0.25, 0.5, 0.9])


@settings(max_examples=100, deadline=None)
@given(SIDES, SIDES, st.integers(2, 60), st.integers(2, 60), OVERLAPS)
def test_what_windows_show_comes_back(
    height: int, width: int, rows: int, columns: int, overlap: float
) -> None:
    section = np.random.default_rng(0).random((height, width)).astype(np.float32)
    canvas = Canvas((height, width), (rows, columns), overlap)
    for number, place in enumerate(canvas.windows):
        window = section[place]
        assert window.shape == (min(height, rows), min(width, columns))
        assert canvas.add(number, window) == (number == len(canvas.windows) - 1)
    np.testing.assert_allclose(canvas.probabilities, section, atol=1e-5)


def test_one_window_changes_nothing() -> None:
    tile = np.random.default_rng(0).random((30, 20)).astype(np.float32)
    canvas = Canvas((30, 20), (30, 40), 0.5)
    assert canvas.add(0, tile)
    np.testing.assert_array_equal(canvas.probabilities, tile)


def test_neighbours_cover_what_is_asked_for() -> None:
    columns = [place[1] for place in Canvas((10, 100), (10, 20), 0.5).windows]
    assert [place.start for place in columns] == list(range(0, 81, 10))
    assert {place.stop - place.start for place in columns} == {20}


def test_last_window_ends_with_the_section() -> None:
    columns = [place[1] for place in Canvas((10, 101), (10, 20), 0).windows]
    assert columns[0].start == 0
    assert columns[-1].stop == 101
    assert all(a.stop >= b.start for a, b in pairwise(columns))


def test_a_windows_border_counts_less_than_its_middle() -> None:
    """Two windows side by side: one says 0, the other 1."""
    canvas = Canvas((8, 30), (8, 20), 0.5)
    zero, one = np.zeros((8, 20), np.float32), np.ones((8, 20), np.float32)
    assert [canvas.add(0, zero), canvas.add(1, one)] == [False, True]
    row = canvas.probabilities[4]
    assert (np.diff(row) >= 0).all()
    assert (row[:10] == 0).all()
    assert row[20:] == pytest.approx(1)
    assert row[14:16].mean() == pytest.approx(0.5)
    assert np.diff(row).max() < 0.2
