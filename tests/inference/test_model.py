"""A model applied to pictures in memory."""

import threading
import time
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from saltseg.errors import DataError
from saltseg.inference.pictures import Picture, PredictOptions
from saltseg.inference.queues import ahead
from tests.inference.sample import SIDE, model_of, picture


def test_a_tile_is_one_forward_pass() -> None:
    tiles = np.stack([picture(seed=seed) for seed in range(3)])
    found = model_of().predict(tiles)
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, tiles.astype(np.float32) / np.float32(255))


def test_a_model_says_in_a_line_what_it_is() -> None:
    model = model_of()
    tiles = f"tiles of {model.tile[0]} x {model.tile[1]}"
    assert repr(model) == f"<SaltModel bright: {tiles}, trained on an unknown survey>"
    known = {"map_iou": 0.8164, "dataset": "data/tgs", "tiles": 2400}
    scored = replace(model, facts=model.facts.model_copy(update=known))
    learnt = "trained on data/tgs: 2,400 tiles"
    assert repr(scored) == f"<SaltModel bright: {tiles}, map_iou 0.816, {learnt}>"


def test_one_picture_gives_one_prediction() -> None:
    tile = picture()
    np.testing.assert_array_equal(model_of().predict(tile), model_of().predict(tile[None])[0])


@pytest.mark.parametrize("size", [(SIDE, 300), (300, SIDE), (200, 333), (65, 65), (20, 200)])
def test_a_section_is_covered(size: tuple[int, int]) -> None:
    section = picture(*size)
    found = model_of().predict(section)
    # What is lower than a window is stretched to the network's input and back.
    loose = 0.05 if min(size) < SIDE else 1e-5
    np.testing.assert_allclose(found, section / 255, atol=loose)


def test_small_pictures_are_resized() -> None:
    assert model_of().predict(np.full((2, 20, 30), 102, np.uint8)) == pytest.approx(0.4)


def test_flip_is_the_mean_of_both_ways() -> None:
    def left(inputs: np.ndarray) -> np.ndarray:
        """Sees salt in the left half, wherever it is."""
        found = np.zeros(inputs.shape[:3], np.float32)
        found[:, :, : SIDE // 2] = 1
        return found

    model, tile = model_of(left), picture()
    assert model.predict(tile)[:, 0] == pytest.approx(1)
    assert model.predict(tile, flip=True) == pytest.approx(0.5)
    both = model_of().predict(tile, flip=True)
    np.testing.assert_allclose(both, tile / 255, atol=1e-6)


def test_mask_is_above_the_threshold() -> None:
    found = np.array([[0.2, 0.5, 0.500001, 1]], np.float32)
    assert model_of().mask(found).tolist() == [[0, 0, 1, 1]]


@pytest.mark.parametrize(
    ("count", "expected"), [(1, [1]), (3, [4]), (8, [8]), (9, [8, 1]), (21, [8, 8, 8])]
)
def test_batches_are_padded_to_few_sizes(count: int, expected: list[int]) -> None:
    seen = []

    def networks(inputs: np.ndarray) -> np.ndarray:
        seen.append(len(inputs))
        return inputs[..., 0].astype(np.float32) / np.float32(255)

    tiles = np.stack([picture(seed=seed) for seed in range(count)])
    found = model_of(networks).predict(tiles, batch_size=8)
    np.testing.assert_allclose(found, tiles / 255, atol=1e-6)
    assert seen == expected


def test_seismic_depth_reaches_the_network() -> None:
    def deep(inputs: np.ndarray) -> np.ndarray:
        return inputs[..., 1].astype(np.float32) / np.float32(255)

    model = model_of(deep, depths=(100, 300))
    found = model.predict(np.stack([picture()] * 3), np.array([100, 300, 900]))
    assert found.mean(axis=(1, 2)).tolist() == [0, 1, 1]
    with pytest.raises(DataError, match="no seismic depth"):
        model.predict(picture())


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        (np.zeros((4, 64, 64)), "3 axes of float64; expected grey levels"),
        (np.zeros((1, 64, 64, 3), np.uint8), "4 axes"),
        (np.zeros((1, 1), np.uint8), "1x1 pixels; expected at least 2 a side"),
        (np.zeros((3, 1, 64), np.uint8), "1x64 pixels"),
        (np.zeros((3, 0, 64), np.uint8), "0x64 pixels"),
    ],
)
def test_what_are_no_pictures_is_one_line(images: np.ndarray, expected: str) -> None:
    with pytest.raises(DataError, match=expected) as caught:
        model_of().predict(images)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "option",
    [{"batch_size": 0}, {"batch_size": -1}, {"overlap": 1.0}, {"overlap": -0.1}],
)
def test_options_out_of_range_are_one_line(option: dict[str, float]) -> None:
    with pytest.raises(DataError, match="expected an overlap from 0 to below 1"):
        model_of().predict(picture(), **option)


def test_overlap_that_is_no_number_is_refused() -> None:
    with pytest.raises(DataError):
        PredictOptions(overlap=float("nan"))


def test_no_pictures_give_no_predictions() -> None:
    assert model_of().predict(np.zeros((0, 64, 64), np.uint8)).shape == (0, 64, 64)


def test_what_is_no_array_is_one_line() -> None:
    with pytest.raises(DataError, match="images: no array"):
        model_of().predict([[1, 2], [3]])  # type: ignore[arg-type]
    with pytest.raises(DataError, match=r"z: shape .*expected one number for each picture"):
        model_of().predict(picture(), ["deep"])  # type: ignore[arg-type]


def test_depths_must_fit_the_pictures() -> None:
    with pytest.raises(DataError, match="one number for each picture"):
        model_of().predict(np.stack([picture()] * 2), np.zeros(3))


def test_pictures_of_many_sizes_come_back_in_their_order() -> None:
    sizes = [(64, 64), (70, 200), (10, 10), (64, 64), (129, 64)]
    queue = (Picture(n, picture(*size)) for n, size in enumerate(sizes))
    shares: list[float] = []
    found = list(model_of().predict_each(queue, PredictOptions(batch_size=4), shares.append))
    assert [one.picture.label for one in found] == [0, 1, 2, 3, 4]
    assert [one.probabilities.shape for one in found] == sizes
    assert {one.uncertainty is None for one in found} == {True}
    assert sum(shares) == pytest.approx(5)


def test_few_pictures_wait_in_memory() -> None:
    """Read are no more than the batch at work and the next one."""
    read = 0

    def queue() -> Iterator[Picture[int]]:
        nonlocal read
        for number in range(100):
            read += 1
            yield Picture(number, picture())

    for done, _ in enumerate(model_of().predict_each(queue(), PredictOptions(batch_size=4))):
        assert read <= done + 3 * 4


def test_next_item_is_made_while_one_is_used() -> None:
    made = threading.Event()

    def items() -> Iterator[int]:
        yield 1
        made.set()
        yield 2

    for item in ahead(items()):
        if item == 1:
            assert made.wait(5)


def test_an_error_of_the_reader_comes_through() -> None:
    def items() -> Iterator[int]:
        yield 1
        raise DataError("damaged")

    seen = []
    with pytest.raises(DataError, match="damaged"):
        seen.extend(ahead(items()))
    start = time.monotonic()
    with pytest.raises(DataError):
        list(ahead(items()))
    assert time.monotonic() - start < 5
