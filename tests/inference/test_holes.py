"""Values that mean "nothing here" among amplitudes, and what only looks like one."""

import numpy as np
import pytest

from saltseg.inference.grey.holes import RUN, Blank, Null, find_blank, holes

LOUD = 1000.0


def amplitudes(dtype: str = "f4", loudness: float = LOUD) -> np.ndarray:
    """Layers, (200, 100), whose values hardly repeat."""
    rng = np.random.default_rng(0)
    numbers = np.cos(np.arange(200) / 3)[:, None] * rng.normal(1, 0.3, (200, 100))
    return (loudness * numbers).astype(dtype)


def with_hole(numbers: np.ndarray, value: float) -> np.ndarray:
    """A block of 50 x 40, a tenth of all."""
    changed = numbers.copy()
    changed[60:110, 30:70] = value
    return changed


def masked(section: np.ndarray) -> np.ndarray:
    return holes(section, find_blank(section))


EXPECTED = np.zeros((200, 100), bool)
EXPECTED[60:110, 30:70] = True


@pytest.mark.parametrize("value", [1e30, -9999, -999.25, 0, 3.4028235e38, 7.5, -12345])
@pytest.mark.parametrize("loudness", [LOUD, 30 * LOUD])
def test_holes_of_floats(value: float, loudness: float) -> None:
    """Far out, or in the middle of what is recorded."""
    np.testing.assert_array_equal(masked(with_hole(amplitudes("f4", loudness), value)), EXPECTED)


@pytest.mark.parametrize("value", [-32000, -9999, -999, 0])
def test_holes_of_integers(value: int) -> None:
    section = with_hole(amplitudes("i2", 3 * LOUD), value)
    np.testing.assert_array_equal(masked(section), EXPECTED)


def test_the_share_is_told_and_the_commonest_comes_first() -> None:
    section = with_hole(amplitudes(), -9999)
    section[:, :50] = 1e30
    found = find_blank(section).nulls
    assert [null.value for null in found][:2] == [np.float32(1e30), -9999]
    assert list(found.values())[:2] == [0.5, pytest.approx(0.05)]


@pytest.mark.parametrize(
    "section",
    [
        amplitudes(),
        amplitudes("f2"),
        amplitudes("i2"),
        amplitudes("i1", 40),
        np.rint(amplitudes("f4", 2)),  # most are zero
        np.clip(amplitudes(), -500, 500),
        np.clip(amplitudes("i2"), -500, 500),
        np.clip(amplitudes(), -2000, 600),
        np.clip(amplitudes("f4", 80) + 128, 0, 255).astype(np.uint8),
        np.repeat(amplitudes(), 2, axis=0),  # interpolated: every value twice
    ],
    ids=range(10),
)
def test_what_repeats_and_is_no_hole(section: np.ndarray) -> None:
    assert not masked(section).any()


def test_zeros_count_where_a_trace_is_silent_for_long() -> None:
    section = amplitudes()
    section[::7, 5] = 0  # here and there
    section[20 : 20 + RUN - 1, 8] = 0
    section[:40, 10] = 0  # muted
    section[:, 50] = 0  # dead
    expected = np.zeros(section.shape, bool)
    expected[:40, 10] = expected[:, 50] = True
    np.testing.assert_array_equal(masked(section), expected)


def test_black_borders_of_grey_levels() -> None:
    section = np.clip(amplitudes("f4", 50) + 128, 0, 255).astype(np.uint8)
    section[:, :30] = 0
    assert masked(section)[:, :30].all()
    assert not masked(section)[:, 30:].any()


def test_single_samples_far_out_are_holes() -> None:
    section = amplitudes()
    section[::20, ::10] = -99999
    np.testing.assert_array_equal(masked(section), section == -99999)


def test_nan_is_always_a_hole_and_what_is_told_is_one() -> None:
    section = amplitudes()
    section[3, 4], section[5, 6], section[7, 8] = np.nan, -999.25, np.inf
    told = {Null(-999.25): 0.0, Null(np.inf): 0.0}
    assert np.argwhere(holes(section, Blank(told))).tolist() == [[3, 4], [5, 6], [7, 8]]
    assert np.argwhere(holes(section, Blank({}))).tolist() == [[3, 4]]


def test_a_null_that_lost_digits_is_the_same() -> None:
    section = np.array([[np.float32(1e30), -999.2501, -999.3]])
    assert Null(1e30).equals(section).tolist() == [[True, False, False]]
    assert Null(-999.25).equals(section).tolist() == [[False, True, False]]


def test_a_short_trace_may_be_silent() -> None:
    section = amplitudes()[:5]
    section[:, 20:40] = 0
    assert holes(section, Blank({Null(0, alone=False): 0}))[:, 20:40].all()


@pytest.mark.parametrize("value", [0.0, 7.0])
def test_a_file_of_one_value_holds_nothing(value: float) -> None:
    assert masked(np.full((200, 100), value)).all()


def test_traces_that_do_not_change_hold_nothing() -> None:
    """Filled up with their last sample, or with noise far below all that is recorded."""
    section = amplitudes()
    section[150:] = section[149]
    section[:, :20] = np.random.default_rng(1).normal(0, 1e-25, (200, 20))
    expected = np.zeros(section.shape, bool)
    expected[149:], expected[:, :20] = True, True
    np.testing.assert_array_equal(masked(section), expected)
