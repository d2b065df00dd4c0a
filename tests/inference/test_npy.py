"""Sections in `.npy` files."""

import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from saltseg.errors import DataError
from saltseg.inference.grey.amplitudes import grey_levels
from saltseg.inference.npy import NpyVolume, _sample


def written(path: Path, array: np.ndarray) -> Path:
    np.save(path, array)
    return path


def amplitudes(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 1000, shape)


@pytest.mark.parametrize("dtype", ["<f4", ">f4", "<f8", "<i2", ">i4", "<f2"])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_section_of_any_numbers(tmp_path: Path, dtype: str, order: str) -> None:
    numbers = np.asarray(amplitudes(30, 40), dtype, order=order)
    volume = NpyVolume(written(tmp_path / "line.npy", numbers), 100)
    assert volume.ids == ["line"]
    grey = volume.read("line")
    assert grey.dtype == np.uint8
    assert grey.shape == (30, 40)
    loudest = np.abs(numbers.astype(float)).max()
    np.testing.assert_allclose(grey, 127.5 * (1 + numbers.astype(float) / loudest), atol=1)


def test_grey_levels_stay_as_they_are(tmp_path: Path) -> None:
    grey = np.random.default_rng(0).integers(0, 256, (3, 20, 30), np.uint8)
    volume = NpyVolume(written(tmp_path / "v.npy", grey), 99)
    assert volume.ids == ["v/0", "v/1", "v/2"]
    np.testing.assert_array_equal(volume.read("v/1"), grey[1])


def test_all_sections_share_one_scale(tmp_path: Path) -> None:
    numbers = amplitudes(12, 20, 30)
    numbers[0] /= 100
    volume = NpyVolume(written(tmp_path / "v.npy", numbers), 99)
    assert volume.ids[:2] == ["v/00", "v/01"]
    quiet, loud = volume.read("v/00").astype(int), volume.read("v/05").astype(int)
    assert np.abs(quiet - 128).max() < 5
    assert np.ptp(loud) == 255


def test_scale_is_that_of_grey_levels(tmp_path: Path) -> None:
    numbers = amplitudes(150, 1200)
    numbers[::7] *= 5
    volume = NpyVolume(written(tmp_path / "line.npy", numbers), 99)
    np.testing.assert_array_equal(volume.read("line"), grey_levels(numbers))


@pytest.mark.parametrize("shape", [(20, 30), (4, 20, 30)])
@pytest.mark.parametrize("binary", [True, False])
def test_result_has_the_shape_of_the_file(
    tmp_path: Path, shape: tuple[int, ...], binary: bool
) -> None:
    volume = NpyVolume(written(tmp_path / "v.npy", amplitudes(*shape)), 99)
    sections = dict(zip(volume.ids, np.random.default_rng(1).random((4, 20, 30)), strict=False))
    if binary:
        sections = {id_: (section > 0.5).astype(np.uint8) for id_, section in sections.items()}
    volume.write(sections.__getitem__, tmp_path / "out", binary)
    found = np.load(tmp_path / "out")
    assert found.shape == shape
    assert found.dtype == (np.uint8 if binary else np.float32)
    expected = np.stack(list(sections.values())).reshape(shape)
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_infinity_is_named_with_its_place(tmp_path: Path) -> None:
    numbers = amplitudes(3, 20, 30)
    numbers[1, 7, 8] = np.inf
    volume = NpyVolume(written(tmp_path / "v.npy", numbers), 99)
    volume.read("v/0")
    with pytest.raises(DataError, match=r"v.npy: section v/1 .*: 1 amplitudes .* \(7, 8\)"):
        volume.read("v/1")


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (np.array(5.0), "an array of one number of float64"),
        (np.zeros(5), "an array 5 of float64"),
        (np.zeros((2, 2, 2, 2)), "2x2x2x2"),
        (np.zeros((0, 4)), "0x4"),
        (np.zeros((4, 4), bool), "of bool"),
        (np.zeros((4, 4), complex), "of complex"),
        (np.full((4, 4), None), "no readable array"),
        (np.zeros((1, 9, 9, 1)), "1x9x9x1"),
        (np.zeros((9, 9), [("a", "f4")]), "9x9 of"),
    ],
)
def test_other_arrays_are_one_line(tmp_path: Path, array: np.ndarray, expected: str) -> None:
    path = tmp_path / "v.npy"
    np.save(path, array, allow_pickle=True)
    with pytest.raises(DataError, match=r"expected \(samples, traces\)") as caught:
        NpyVolume(path, 99)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("last", "dtype"), [(1, "f4"), (3, "u1"), (4, "u1")])
def test_a_picture_with_channels_is_one_line(tmp_path: Path, last: int, dtype: str) -> None:
    path = written(tmp_path / "v.npy", np.zeros((20, 30, last), dtype))
    with pytest.raises(DataError, match=rf"v.npy: {last} value.* as in a picture with channels"):
        NpyVolume(path, 99)
    assert len(NpyVolume(path, 99, axes="inline,depth,crossline").ids) == 20


@pytest.mark.parametrize("content", [b"", b"no array", b"\x93NUMPY\x01\x00\xff\xff{"])
def test_other_files_are_one_line(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "v.npy"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"v.npy: no readable array"):
        NpyVolume(path, 99)


@pytest.mark.parametrize("shape", [(20, 2_000_000), (3000, 2, 500), (2, 3000, 900), (900, 80, 90)])
def test_the_scale_comes_from_about_a_million_values(shape: tuple[int, ...]) -> None:
    found = _sample(np.broadcast_to(np.int8(1), (1, *shape)[-3:])).size
    assert 0.85 * 2**20 < found <= 2**20


def test_a_full_disk_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A memory map would kill the process; see docs/reliability.md."""
    np.save(tmp_path / "v.npy", np.zeros((3, 200, 200), np.uint8))
    volume = NpyVolume(tmp_path / "v.npy", 99)
    with pytest.raises(OSError, match="No space left"):
        volume.write(lambda _: np.zeros((200, 200), np.float32), Path("/dev/full"), False)


def test_memory_for_the_scale_is_bounded(tmp_path: Path) -> None:
    path = tmp_path / "v.npy"
    array = np.lib.format.open_memmap(path, "w+", np.float32, (300, 500, 400))
    array[:, 100] = 7
    array[0, 0, 0] = 9
    array.flush()
    volume = NpyVolume(path, 100)
    tracemalloc.start()
    try:
        volume.read("v/000")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 64 * 2**20
    assert volume.read("v/000")[0, 0] == 255
