"""Limits that follow the loudness of a section."""

import numpy as np
import pytest

from saltseg.inference.grey.amplitudes import clip_limit, grey_levels
from saltseg.inference.grey.stretch import local_limits, trace_limits, window_limits

TILE = (40, 30)


def noise(height: int = 200, width: int = 300) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 1, (height, width))


def test_a_section_of_one_window_has_the_clip_of_a_tile() -> None:
    tile = noise(*TILE)
    for window in (TILE, (100, 100)):
        np.testing.assert_allclose(window_limits(tile, window, 99), clip_limit(tile, 99))
    np.testing.assert_array_equal(
        grey_levels(tile, window_limits(tile, TILE, 99)), grey_levels(tile)
    )


def test_each_window_is_stretched_about_as_if_it_were_alone() -> None:
    """As the training tiles were, in a section whose loudness changes from place to place."""
    section = noise() * np.exp(np.linspace(-2, 2, 300))
    shared = window_limits(section, TILE, 99)
    for row in range(0, 160, 40):
        for column in range(0, 270, 30):
            tile = (slice(row, row + 40), slice(column, column + 30))
            alone, inside = grey_levels(section[tile]), grey_levels(section[tile], shared[tile])
            assert np.abs(alone.astype(int) - inside).mean() < 10
    # One clip for all is far from that in the quiet part.
    quiet = (slice(0, 40), slice(0, 30))
    far = grey_levels(section)[quiet].astype(int) - grey_levels(section[quiet])
    assert np.abs(far).mean() > 30


def test_limits_have_no_seams() -> None:
    section = noise()
    section[:, :150] *= 0.1
    steps = np.abs(np.diff(np.log(window_limits(section, TILE, 99)), axis=1))
    # A factor of ten over one and a half windows, and nowhere at once.
    assert steps.max() < 3 * np.log(10) / 30


@pytest.mark.parametrize("stretch", ["window", "trace"])
def test_loudness_is_followed(stretch: str) -> None:
    section = noise()
    section[:, :150] *= 0.1
    limits = local_limits(stretch, section, TILE, 99)
    assert limits[:, :60].mean() == pytest.approx(0.1 * limits[:, 240:].mean(), rel=0.1)
    np.testing.assert_allclose(local_limits(stretch, 7 * section, TILE, 99), 7 * limits)


def test_gain_control_follows_each_trace_downwards() -> None:
    section = noise(400, 20) * np.exp(np.linspace(0, -3, 400))[:, None]
    section[:, 5] *= 100
    balanced = section / trace_limits(section, 40, 99)
    for part in (balanced[:50], balanced[-50:], balanced[:, 5], balanced[:, 6]):
        assert part.std() == pytest.approx(balanced.std(), rel=0.15)
    assert clip_limit(balanced, 99) == pytest.approx(1)


@pytest.mark.parametrize("stretch", ["window", "trace"])
def test_holes_do_not_count(stretch: str) -> None:
    whole = noise()
    holed = whole.copy()
    holed[50:130, 100:200] = np.nan
    expected, found = (local_limits(stretch, one, TILE, 99) for one in (whole, holed))
    assert np.isfinite(found).all()
    kept = np.isfinite(holed)
    np.testing.assert_allclose(found[kept], expected[kept], rtol=1)
    assert np.median(found[kept] / expected[kept]) == pytest.approx(1, abs=0.02)


@pytest.mark.parametrize("stretch", ["window", "trace"])
@pytest.mark.parametrize("value", [0.0, np.nan])
def test_silence_and_nothing_have_limits(stretch: str, value: float) -> None:
    limits = local_limits(stretch, np.full((90, 80), value), TILE, 99)
    assert (limits > 0).all()
    assert np.isfinite(limits).all()


@pytest.mark.parametrize("stretch", ["window", "trace"])
def test_silence_is_not_turned_up_without_end(stretch: str) -> None:
    section = noise()
    section[:, :150] *= 1e-9
    grey = grey_levels(section, local_limits(stretch, section, TILE, 99))
    assert set(np.unique(grey[:, :100])) == {127, 128}


def test_spikes_touch_their_own_window_only() -> None:
    section = noise()
    section[100, 150] = 1e6
    away = window_limits(section, TILE, 100)[:, :90]
    np.testing.assert_allclose(away, window_limits(noise(), TILE, 100)[:, :90])
