"""The array cache: shapes, values, and memory that does not grow with the survey."""

import tracemalloc
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from numpy.lib.format import open_memmap

from saltseg.errors import DataError
from saltseg.params import Preprocess
from saltseg.tiles.inputs.arrays import write_arrays
from saltseg.tiles.inputs.native import Native

ALL = ["intensity", "depth_ramp", "gradient", "survey_depth"]


def write_survey(folder: Path, images: np.ndarray, masks: np.ndarray) -> Path:
    folder.mkdir()
    np.save(folder / "images.npy", images)
    np.save(folder / "masks.npy", masks)
    write_table(folder, len(images))
    return folder


def write_table(folder: Path, count: int) -> None:
    ids = [f"{number:04x}" for number in range(count)]
    table = pd.DataFrame({"id": ids, "z": np.arange(count), "coverage": 0.0})
    table.to_csv(folder / "tiles.csv", index=False)


def random_survey(folder: Path, count: int, height: int, width: int) -> Path:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (count, height, width), np.uint8)
    return write_survey(folder, images, random.integers(0, 2, images.shape, np.uint8))


@pytest.mark.parametrize(("size", "channels"), [(32, ALL), (64, ["intensity"]), (128, ALL[:3] * 2)])
def test_shapes_and_dtypes(tmp_path: Path, size: int, channels: list[str]) -> None:
    survey, out = random_survey(tmp_path / "survey", 3, 40, 101), tmp_path / "out"
    write_arrays(survey, out, Preprocess(side=size, channels=channels))
    images, masks = np.load(out / "images.npy"), np.load(out / "masks.npy")
    assert images.shape == (3, size, size, len(channels))
    assert masks.shape == (3, size, size, 1)
    assert images.dtype == masks.dtype == np.uint8
    assert set(np.unique(masks)) == {0, 1}
    depths = (0, 2) if "survey_depth" in channels else None
    assert Native.read(out / "native.json") == Native(height=40, width=101, depths=depths)


def test_same_size_changes_nothing(tmp_path: Path) -> None:
    survey, out = random_survey(tmp_path / "survey", 3, 32, 32), tmp_path / "out"
    write_arrays(survey, out, Preprocess(side=32, channels=["intensity", "depth_ramp"]))
    images = np.load(out / "images.npy")
    np.testing.assert_array_equal(images[..., 0], np.load(survey / "images.npy"))
    np.testing.assert_array_equal(images[1, :, 5, 1], np.rint(np.arange(32) * 255 / 31))
    np.testing.assert_array_equal(np.load(out / "masks.npy")[..., 0], np.load(survey / "masks.npy"))


@pytest.mark.parametrize("size", [32, 64, 128])
def test_masks_take_the_nearest_pixel(tmp_path: Path, size: int) -> None:
    survey, out = random_survey(tmp_path / "survey", 2, 101, 101), tmp_path / "out"
    write_arrays(survey, out, Preprocess(side=size, channels=["intensity"]))
    # The middle of a new pixel falls into this old one.
    nearest = ((np.arange(size) + 0.5) * 101 / size).astype(int)
    expected = np.load(survey / "masks.npy")[:, nearest][:, :, nearest]
    np.testing.assert_array_equal(np.load(out / "masks.npy")[..., 0], expected)


def test_channels_are_made_before_resizing(tmp_path: Path) -> None:
    # Columns 0, 100, 0, 100 ...: averaged first, they would have no gradient left.
    images = np.zeros((1, 64, 64), np.uint8)
    images[:, :, 1::2] = 100
    out = tmp_path / "out"
    survey = write_survey(tmp_path / "survey", images, np.zeros_like(images))
    write_arrays(survey, out, Preprocess(side=32, channels=["intensity", "gradient"]))
    made = np.load(out / "images.npy")
    assert (made[..., 0] == 50).all()
    assert (made[..., 1] == 100).all()


def test_survey_depth_of_each_tile(tmp_path: Path) -> None:
    survey, out = random_survey(tmp_path / "survey", 3, 32, 32), tmp_path / "out"
    write_arrays(survey, out, Preprocess(side=32, channels=["survey_depth"]))
    levels = np.load(out / "images.npy")[..., 0]
    assert [np.unique(tile).tolist() for tile in levels] == [[0], [128], [255]]


@pytest.mark.parametrize("name", ["images.npy", "masks.npy", "tiles.csv"])
def test_missing_file_is_one_line(tmp_path: Path, name: str) -> None:
    survey = random_survey(tmp_path / "survey", 2, 8, 8)
    (survey / name).unlink()
    with pytest.raises(DataError, match=rf"{name}: .*run `dvc repro`") as caught:
        write_arrays(survey, tmp_path / "out", Preprocess(side=32, channels=["intensity"]))
    assert "\n" not in str(caught.value)


def peak_memory(folder: Path, count: int) -> int:
    """Most bytes that Python held while it wrote the arrays of `count` tiles."""
    folder.mkdir()
    for name in ("images.npy", "masks.npy"):
        open_memmap(folder / name, "w+", np.uint8, (count, 64, 64)).flush()
    write_table(folder, count)
    tracemalloc.start()
    try:
        write_arrays(folder, folder / "out", Preprocess(side=64, channels=ALL[:3]))
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def test_memory_does_not_grow_with_the_survey(tmp_path: Path) -> None:
    peak_memory(tmp_path / "first", 2)  # what is imported and cached on first use
    small, large = peak_memory(tmp_path / "small", 200), peak_memory(tmp_path / "large", 2000)
    # The larger survey's arrays are 44 MB larger; its table may cost a little.
    assert large - small < 1e6


def test_padded_tiles_must_fit_in(tmp_path: Path) -> None:
    survey = random_survey(tmp_path / "survey", 2, 40, 33)
    with pytest.raises(DataError) as caught:
        write_arrays(survey, tmp_path / "out", Preprocess(side=32, fit="pad", channels=ALL[:1]))
    assert "preprocess.side: 32 is less than the 40 x 33 pixels" in str(caught.value)
    write_arrays(survey, tmp_path / "out", Preprocess(side=64, fit="pad", channels=ALL[:1]))
    padded = np.load(tmp_path / "out/images.npy")[..., 0]
    masks = np.load(tmp_path / "out/masks.npy")[..., 0]
    np.testing.assert_array_equal(padded[:, 12:52, 15:48], np.load(survey / "images.npy"))
    np.testing.assert_array_equal(masks[:, 12:52, 15:48], np.load(survey / "masks.npy"))
