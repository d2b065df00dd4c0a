"""What the samples of a file are taken for, and what is said about it."""

from pathlib import Path

import numpy as np
import pytest

from saltseg.errors import DataError
from saltseg.inference.grey.tones import Showing, Tones, null_values, show_picture

TILE = (101, 101)
AS_FILE = Showing("file")


def layers(loudness: float = 1000.0) -> np.ndarray:
    """Amplitudes, (120, 150)."""
    rng = np.random.default_rng(0)
    return loudness * np.cos(np.arange(120) / 3)[:, None] * rng.normal(1, 0.3, (120, 150))


def grey_picture() -> np.ndarray:
    """The same as somebody would save it: 0 to 255, zero at 127.5."""
    return np.clip(127.5 + layers(60), 0, 255)


def shown(section: np.ndarray, **asked: object) -> np.ndarray:
    tones = Tones(section, 99, Showing(**({"stretch": "file"} | asked)), Path("v.npy"))
    return tones.show(section, TILE, "section").grey


@pytest.mark.parametrize(
    "samples",
    [
        grey_picture().round().astype(np.uint8),
        grey_picture(),
        grey_picture().astype(np.float32),
        grey_picture().round().astype(np.int32),
        grey_picture() / 255,
        (grey_picture() / 255).astype(np.float16),
        (grey_picture() * 257).round().astype(np.uint16),
        grey_picture() * 257,
    ],
    ids=["u1", "0..255", "f4", "i4", "0..1", "f2", "u2", "0..65535"],
)
def test_grey_levels_of_any_kind_look_alike(
    samples: np.ndarray, capsys: pytest.CaptureFixture[str]
) -> None:
    np.testing.assert_allclose(shown(samples), grey_picture(), atol=1)
    said = capsys.readouterr().err
    assert ("v.npy: taken for grey levels from 0 to " in said) is (samples.dtype != np.uint8)


@pytest.mark.parametrize(
    "samples",
    [np.abs(layers()), layers() + 4000, -np.abs(layers()), layers() - 9000, grey_picture() + 500],
    ids=["envelope", "offset", "negative", "far below", "odd range"],
)
def test_what_may_be_either_is_asked_for(samples: np.ndarray) -> None:
    with pytest.raises(DataError, match=r"v.npy: all samples .* --grey .* --amplitudes") as caught:
        shown(samples)
    assert "\n" not in str(caught.value)
    grey = shown(samples, kind="grey").astype(int)
    assert (grey.min(), grey.max()) == (0, 255)
    amplitudes = shown(samples, kind="amplitudes")
    assert np.median(amplitudes) in (127, 127.5, 128)


def test_amplitudes_around_another_value_are_shown_around_it(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert np.abs(shown(layers() + 600).astype(int) - shown(layers())).max() <= 6
    assert "amplitudes around 6" in capsys.readouterr().err
    assert "around" not in (shown(layers()), capsys.readouterr().err)[1]


def test_told_amplitudes_are_no_grey_levels() -> None:
    narrow = np.clip(127.5 + layers(3), 0, 255).round().astype(np.uint8)
    assert np.ptp(shown(narrow)) < 40
    assert np.ptp(shown(narrow, kind="amplitudes")) == 255


@pytest.mark.parametrize("value", [1e30, -9999.0, -999.25, 0.0])
def test_holes_change_nothing_around_them(value: float, capsys: pytest.CaptureFixture[str]) -> None:
    section = layers()
    section[20:70, 40:90] = value
    tones = Tones(section, 99, AS_FILE, Path("v.npy"))
    grey, empty = tones.show(section, TILE, "section")
    assert empty is not None
    assert empty[20:70, 40:90].all()
    assert empty.mean() == pytest.approx(2500 / 18000)
    np.testing.assert_allclose(grey[~empty].astype(int), shown(layers())[~empty], atol=3)
    assert set(grey[empty]) == {128}
    said = capsys.readouterr().err
    assert f"warning: v.npy: {value:.7g} (13.9%) taken for holes" in said
    assert len(said.splitlines()) == 1


def test_told_nulls_are_the_only_ones(capsys: pytest.CaptureFixture[str]) -> None:
    section = layers()
    section[20:70, 40:90], section[0, 0] = -9999, 55.5
    for told, count in ((("55.5",), 1), (("none",), 0), (("-9999", "55.5"), 2501)):
        tones = Tones(section, 99, Showing("file", null_values(told)), "v")
        empty = tones.show(section, TILE, "section").holes
        assert (0 if empty is None else empty.sum()) == count
    assert "taken for holes" not in capsys.readouterr().err
    with pytest.raises(DataError, match=r"--null deep: no number; expected one, such as"):
        null_values(["deep"])


def test_nan_is_a_hole_and_infinity_only_if_it_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    section = layers()
    section[:12] = np.nan
    tones = Tones(section, 99, AS_FILE, "v")
    assert [tones.show(section, TILE, "v: one").holes[:12].all() for _ in range(2)] == [True, True]
    assert capsys.readouterr().err == "warning: v: one: 10.0% are NaN, taken for holes\n"
    section[20, 3] = np.inf
    with pytest.raises(DataError, match=r"v: one: 1 amplitudes .*first at \(20, 3\)"):
        tones.show(section, TILE, "v: one")
    told = Tones(section, 99, Showing("window", (np.inf,)), "v").show(section, TILE, "v")
    assert told.holes[20, 3]


@pytest.mark.parametrize("stretch", ["file", "window", "trace"])
def test_nothing_at_all_is_grey(stretch: str) -> None:
    for section in (np.full((120, 150), np.nan), np.zeros((120, 150), np.float32)):
        grey = Tones(section, 99, Showing(stretch), "v").show(section, TILE, "v").grey
        assert set(np.unique(grey)) == {128}


def test_a_clip_that_shows_nothing_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    section = layers()
    section[np.random.default_rng(1).random(section.shape) < 0.03] *= 1e6
    shown(section)
    assert "become one grey; where spikes or holes are louder" in capsys.readouterr().err
    tones = Tones(section, 95, AS_FILE, "v")
    tones.show(section, TILE, "v")
    assert not capsys.readouterr().err


def test_amplitudes_that_cannot_be_right_are_told(capsys: pytest.CaptureFixture[str]) -> None:
    unsigned = (layers(3000).astype(np.int16).astype(np.int32) + 32768).astype(np.uint16)
    shown(unsigned.view(np.int16))
    assert "v.npy: samples on both sides of zero and hardly any near it" in capsys.readouterr().err
    shown(np.clip(layers(), -150, 150))
    assert "become black or white; expected few" in capsys.readouterr().err
    shown(layers(1).astype(np.float32).byteswap())
    assert "become one grey" in capsys.readouterr().err
    section = layers()
    section[90:] = section[89]
    shown(section)
    assert "in 25.8% traces do not change, taken for holes" in capsys.readouterr().err


@pytest.mark.parametrize("stretch", ["file", "window", "trace"])
@pytest.mark.parametrize("unit", [1e-200, 1e200])
@pytest.mark.filterwarnings("error")
def test_any_unit_will_do(stretch: str, unit: float) -> None:
    expected = shown(layers(), stretch=stretch)
    np.testing.assert_allclose(
        shown(layers() * unit, stretch=stretch).astype(int), expected, atol=1
    )


@pytest.mark.parametrize("stretch", ["file", "window", "trace"])
def test_byte_order_and_precision_do_not_matter(stretch: str) -> None:
    expected = shown(layers().astype("<f4"), stretch=stretch)
    for dtype in (">f4", ">f8", "f8", "g"):
        found = shown(layers().astype("<f4").astype(dtype), stretch=stretch)
        np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(shown(layers().astype(">i4"), stretch=stretch), expected, atol=2)


def test_quiet_parts_are_turned_up_but_not_over_the_file() -> None:
    section = layers()
    section[:, :75] *= 0.1
    tones = Tones(section, 99, Showing("window"), "v")
    small = (10, 10)
    local, whole = tones.show(section, small, "v").grey, tones.show(section, None, "v").grey
    assert local[:, :50].std() > 0.8 * local[:, 100:].std()
    assert whole[:, :75].std() < 0.2 * whole[:, 75:].std()


def test_a_tile_of_grey_levels_stays_as_it_is() -> None:
    section = grey_picture().astype(np.uint8)
    dull = section // 4
    for shape in (TILE, (120, 150)):
        tile = dull[: shape[0], : shape[1]]
        volume = Tones(tile, 99, Showing("window"), "v").show(tile, TILE, "v").grey
        picture = show_picture(tile, TILE, 99, "window").grey
        assert (volume == tile).all() == (picture == tile).all() == (shape == TILE)
    assert np.ptp(picture) == np.ptp(volume) == 255
    np.testing.assert_array_equal(show_picture(dull, TILE, 99, "file").grey, dull)
