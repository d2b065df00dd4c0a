"""Samples of SEG-Y files: numbers of all kinds, and headers that call them what they are not."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import segyio
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter1d

from saltseg.inference.segy.samples import IBM, IEEE, decode, encode, floats_meant, is_swapped
from saltseg.inference.segy.volume import Geometry, SegyVolume
from tests.inference.test_segy import grid, write_segy

CODE = 3224


def ibm(numbers: np.ndarray) -> np.ndarray:
    signs = np.signbit(numbers).astype(np.uint32) << 31
    return encode(np.abs(numbers), IBM, False) | signs


def ieee(numbers: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(numbers, np.float32).view(np.uint32)


def traces(count: int, samples: int, seed: int = 0) -> np.ndarray:
    """Smooth along each trace, as seismic data are."""
    noise = np.random.default_rng(seed).normal(size=(count, samples))
    found: np.ndarray = gaussian_filter1d(noise, 1.5, axis=1).astype(np.float32)
    return found


SHAPES: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as they are": lambda smooth: smooth,
    "not gained": lambda smooth: smooth * np.exp(-np.linspace(0, 8, smooth.shape[1])),
    "spikes": lambda smooth: np.where(np.abs(smooth) > 1.6, 1e6 * smooth, smooth),
    "a null value": lambda smooth: np.where(np.arange(smooth.shape[1]) < 30, 3e7, smooth),
    "muted": lambda smooth: np.where(np.arange(smooth.shape[1]) < 60, 0, smooth),
    "noise": lambda smooth: np.random.default_rng(1).laplace(size=smooth.shape),
}
WRITERS = {IBM: ibm, IEEE: ieee}


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=10, deadline=None)
@given(st.floats(-20, 20), st.integers(0, 99), st.sampled_from([IBM, IEEE]))
def test_floats_of_any_scale_are_recognised(shape: str, power: float, seed: int, code: int) -> None:
    numbers = SHAPES[shape](traces(60, 120, seed)) * 10**power
    words = WRITERS[code](numbers)
    assert floats_meant(words, IBM) == code
    assert floats_meant(words, IEEE) == code
    assert not is_swapped(words)
    assert is_swapped(words.byteswap())


@pytest.mark.parametrize("code", [IBM, IEEE])
@pytest.mark.parametrize(
    "numbers",
    [
        np.zeros((60, 120)),
        np.full((60, 120), -9999),
        np.where(np.arange(120) < 60, 1e30, np.zeros((60, 120))),
        np.where(np.arange(120) % 17 == 0, 1e12, np.full((60, 120), 3.7)),
        np.random.default_rng(0).uniform(5000, 8000, (60, 120)),
        np.sort(np.random.default_rng(0).uniform(1500, 4500, (60, 120))),
        np.arange(7200).reshape(60, 120) % 256,
        np.rint(1000 * traces(60, 120)),
        traces(3, 20),
    ],
)
def test_what_proves_nothing_leaves_the_header_right(code: int, numbers: np.ndarray) -> None:
    words = WRITERS[code](numbers)
    assert floats_meant(words, code) == code
    assert not is_swapped(words)


@pytest.mark.parametrize("code", [IBM, IEEE])
def test_whole_numbers_are_recognised(code: int) -> None:
    words = WRITERS[code](np.arange(7200).reshape(60, 120) % 256)
    assert floats_meant(words, IBM + IEEE - code) == code


@pytest.mark.parametrize("by", [None, 1])
def test_ibm_floats_that_begin_with_zeros(by: int | None) -> None:
    """Some programs give all numbers, or all of a trace, one exponent."""
    numbers = traces(60, 120) * np.random.default_rng(1).uniform(1, 1e4, (60, 1))
    largest = np.abs(numbers).max(axis=by, keepdims=True)
    power = np.broadcast_to(np.ceil(np.log2(largest) / 4) + 1, numbers.shape).astype(np.int64)
    fractions = np.rint(np.abs(numbers) / 16.0**power * 2**24).astype(np.uint32)
    signs = np.signbit(numbers).astype(np.uint32) << 31
    words = signs | (power + 64 << 24).astype(np.uint32) | fractions
    assert floats_meant(words, IBM) == IBM
    np.testing.assert_allclose(decode(words, IBM), numbers, rtol=1e-2, atol=1e-3 * largest.max())


def test_ibm_floats_by_hand() -> None:
    words = np.array([0x41100000, 0xC276A000, 0x41010000, 0x40000000, 0, 0x7F100000], ">u4")
    expected = [1, -118.625, 0.0625, 0, 0, np.inf]
    np.testing.assert_array_equal(decode(words, IBM), np.float32(expected))


def test_ibm_floats_as_segyio_has_them(tmp_path: Path) -> None:
    numbers = np.abs(traces(6, 30)) * 10.0 ** np.arange(-12, 12, 4)[:, None]
    path = write_segy(tmp_path / "v.sgy", numbers)
    raw = np.frombuffer(path.read_bytes()[3600:], np.uint8).reshape(6, 360)[:, 240:]
    words = np.ascontiguousarray(raw).view(">u4")
    np.testing.assert_allclose(decode(words, IBM), numbers, rtol=1e-6)
    np.testing.assert_allclose(encode(numbers, IBM, False), words, rtol=0, atol=1)


@pytest.mark.parametrize("code", [IBM, IEEE])
@pytest.mark.parametrize("swapped", [False, True])
def test_a_file_whose_header_lies(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], code: int, swapped: bool
) -> None:
    numbers, places = traces(60, 120), grid([1, 2, 3], range(20))
    right = SegyVolume(write_segy(tmp_path / "r.sgy", numbers, places, code), 99, Geometry())
    assert not capsys.readouterr().err
    path = write_segy(tmp_path / "v.sgy", numbers, places, code)
    content = bytearray(path.read_bytes())
    other = IBM + IEEE - code
    content[CODE : CODE + 2] = other.to_bytes(2, "big")
    if swapped:
        for start in range(3600, len(content), 720):
            samples = np.frombuffer(content[start + 240 : start + 720], ">u4")
            content[start + 240 : start + 720] = samples.byteswap().tobytes()
    path.write_bytes(content)
    volume = SegyVolume(path, 99, Geometry())
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == 1 + swapped
    assert f"v.sgy: sample code {other}" in lines[-1]
    for id_ in volume.ids:
        np.testing.assert_array_equal(volume.read(id_), right.read(id_.replace("v/", "r/")))
    volume.write(lambda _: np.ones((120, 20)), tmp_path / "out", True)
    with segyio.open(tmp_path / "out", ignore_geometry=True) as file:
        assert int(file.format) == other
        assert (file.trace.raw[:] == 1).all()
    forced = SegyVolume(path, 99, Geometry(format="ibm" if other == IBM else "ieee"))
    assert "sample code" not in capsys.readouterr().err
    assert not np.array_equal(forced.read("v/inline-1"), right.read("r/inline-1"))
    told = SegyVolume(path, 99, Geometry(format="ibm" if code == IBM else "ieee"))
    np.testing.assert_array_equal(told.read("v/inline-1"), right.read("r/inline-1"))
