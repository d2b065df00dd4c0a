"""Pictures: written, repeatable, and unmoved by odd input."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from saltseg.figures.calibration import calibration
from saltseg.figures.curves import learning_curves
from saltseg.figures.mosaics import largest_mosaics
from saltseg.figures.tiles import gallery
from saltseg.params import Choices, Evaluate
from saltseg.scoring.calibration import reliability
from saltseg.scoring.predictions import Predicted
from saltseg.tiles.masks import UNLABELLED

# A warning from matplotlib would be printed in the middle of the user's pipeline.
pytestmark = pytest.mark.filterwarnings("error")

NAMES = ("loss", "iou", "map_iou", "val_loss", "val_iou", "val_map_iou")


def curves(*epochs: int) -> pd.DataFrame:
    """One fold for each number of epochs."""
    rows = [(fold, epoch) for fold, last in enumerate(epochs) for epoch in range(1, last + 1)]
    table = pd.DataFrame(rows, columns=["fold", "epoch"])
    return table.assign(**dict.fromkeys(NAMES, 1 / (table["epoch"] + table["fold"])))


def result_of(masks: np.ndarray, probabilities: np.ndarray) -> Predicted:
    count = len(masks)
    random = np.random.default_rng(0)
    return Predicted(
        tiles=pd.DataFrame(
            {
                "id": [f"tile{n}" for n in range(count)],
                "fold": 0,
                "coverage_class": 1,
                "coverage": 0.1,
            }
        ),
        probabilities=probabilities.astype(np.float16),
        images=random.integers(0, 256, masks.shape, np.uint8),
        masks=masks.astype(np.uint8),
    )


def discs(count: int) -> Predicted:
    """Discs, predicted the worse the higher the index."""
    masks = np.zeros((count, 21, 21), np.uint8)
    for mask in masks:
        cv2.circle(mask, (10, 10), 6, 1, thickness=-1)
    probabilities = np.stack([np.roll(mask, shift, axis=1) for shift, mask in enumerate(masks)])
    return result_of(masks, probabilities * 0.8)


def draw_gallery(result: Predicted, path: Path, count: int = 2) -> np.ndarray:
    none = Choices(threshold=[0.5], region=[], mask=[])
    options = Evaluate(threshold=0.5, flip=False, gallery=count, choices=none)
    gallery(result, result.scored(options.threshold), options, "plain, 2 folds", path)
    return picture(path)


def picture(path: Path) -> np.ndarray:
    assert path.read_bytes().startswith(b"\x89PNG")
    pixels = cv2.imread(str(path))
    height, width = pixels.shape[:2]
    assert 300 < height < 1500
    assert 300 < width < 5000
    assert np.ptp(pixels) > 200
    return pixels


def test_learning_curves(tmp_path: Path) -> None:
    path = tmp_path / "learning_curves.png"
    learning_curves(curves(3, 2), "plain, 2 folds", path)
    assert picture(path).shape[1] == 1320


@pytest.mark.parametrize("epochs", [(4,), (1,), (1, 1)], ids=["one fold", "one point", "points"])
def test_learning_curves_of_little(tmp_path: Path, epochs: tuple[int, ...]) -> None:
    path = tmp_path / "learning_curves.png"
    learning_curves(curves(*epochs), "plain", path)
    picture(path)


def test_learning_curves_show_their_numbers(tmp_path: Path) -> None:
    one, two = tmp_path / "one.png", tmp_path / "two.png"
    learning_curves(curves(3, 2), "plain", one)
    table = curves(3, 2)
    learning_curves(table.assign(val_map_iou=table["val_map_iou"] / 2), "plain", two)
    differing = (picture(one) != picture(two)).any(axis=(0, 2))
    # The competition metric is the first of three panels.
    assert differing.any()
    assert np.flatnonzero(differing).max() < len(differing) / 3


def test_gallery(tmp_path: Path) -> None:
    draw_gallery(discs(8), tmp_path / "gallery.png")


def test_gallery_grows_with_the_tiles_it_shows(tmp_path: Path) -> None:
    small, large = (draw_gallery(discs(8), tmp_path / f"{n}.png", n) for n in (1, 3))
    assert large.shape[1] == 3 * small.shape[1]


def test_same_bytes_twice(tmp_path: Path) -> None:
    for name in ("one", "two"):
        draw_gallery(discs(4), tmp_path / f"{name}.png")
        learning_curves(curves(3, 2), "plain", tmp_path / f"{name}-curves.png")
    for suffix in (".png", "-curves.png"):
        one, two = (tmp_path / f"{name}{suffix}" for name in ("one", "two"))
        assert one.read_bytes() == two.read_bytes()


FULL, EMPTY = np.ones((3, 9, 9)), np.zeros((3, 9, 9))


@pytest.mark.parametrize(
    ("masks", "probabilities"),
    [(EMPTY, EMPTY), (EMPTY, FULL), (FULL, EMPTY), (FULL, FULL)],
    ids=["empty, left so", "empty, all salt", "full, none found", "full, all found"],
)
def test_gallery_of_masks_without_outline(
    tmp_path: Path, masks: np.ndarray, probabilities: np.ndarray
) -> None:
    draw_gallery(result_of(masks, probabilities), tmp_path / "gallery.png")


def test_truth_is_outlined_only_where_it_is_known(tmp_path: Path) -> None:
    """Salt in one half; nothing is known of the other, or that there is none."""
    outlined = {}
    for other in (0, UNLABELLED):
        masks = np.ones((1, 21, 21), np.uint8)
        masks[:, :, 10:] = other
        dark = replace(result_of(masks, 0 * masks), images=0 * masks)
        drawn = draw_gallery(dark, tmp_path / "gallery.png", count=1).astype(int)
        blue, _, red = np.moveaxis(drawn, -1, 0)
        outlined[other] = np.count_nonzero(red - blue > 150)  # what is tinted has 115
    assert outlined[0] > 50
    assert outlined[UNLABELLED] == 0


def test_gallery_of_fewer_tiles_than_asked_for(tmp_path: Path) -> None:
    draw_gallery(discs(2), tmp_path / "gallery.png", count=5)


def test_gallery_finds_the_tile_of_each_prediction(tmp_path: Path) -> None:
    """Tiles may stand in another order than in the survey."""
    straight = discs(3)
    order = [2, 0, 1]
    arrays = (straight.probabilities, straight.images, straight.masks)
    tiles = straight.tiles.iloc[order].reset_index(drop=True)
    mixed = Predicted(tiles, *(array[order] for array in arrays))
    one, two = tmp_path / "one.png", tmp_path / "two.png"
    draw_gallery(straight, one, count=3)
    draw_gallery(mixed, two, count=3)
    assert one.read_bytes() == two.read_bytes()


def test_mosaic_is_put_together_at_its_places(tmp_path: Path) -> None:
    """Four tiles of one picture, given in another order, look like the picture itself."""
    whole = np.random.default_rng(0).integers(0, 256, (40, 40), np.uint8)
    tiles = np.stack([whole[20:, 20:], whole[:20, 20:], whole[20:, :20], whole[:20, :20]])
    places = {"row": [1, 0, 1, 0], "column": [1, 1, 0, 0]}
    table = pd.DataFrame({"id": list("abcd"), "group": 0, **places})
    largest_mosaics(tiles, table, 5, tmp_path / "right.png")
    picture(tmp_path / "right.png")
    largest_mosaics(tiles[::-1], table[::-1].reset_index(drop=True), 5, tmp_path / "same.png")
    assert (tmp_path / "right.png").read_bytes() == (tmp_path / "same.png").read_bytes()
    largest_mosaics(tiles[[1, 0, 2, 3]], table, 5, tmp_path / "wrong.png")
    assert (tmp_path / "right.png").read_bytes() != (tmp_path / "wrong.png").read_bytes()


def test_no_mosaics(tmp_path: Path) -> None:
    table = pd.DataFrame({"id": list("ab"), "group": [0, 1], "row": 0, "column": 0})
    largest_mosaics(np.zeros((2, 20, 20), np.uint8), table, 5, tmp_path / "none.png")
    picture(tmp_path / "none.png")


def test_calibration_with_empty_bins_and_one_threshold(tmp_path: Path) -> None:
    masks = np.array([[[0, 1], [1, 1]]], np.uint8)
    table = reliability(masks, np.array([[[0.1, 0.9], [0.9, 0.4]]]))
    sweep = pd.DataFrame({"fold": [0, 1], "threshold": 0.5, "map_iou": [0.4, 0.6]})
    calibration(table, sweep, "plain", tmp_path / "calibration.png")
    picture(tmp_path / "calibration.png")
