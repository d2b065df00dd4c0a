"""Pictures: written, repeatable, and unmoved by odd input."""

from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest

from saltseg.figures.curves import learning_curves
from saltseg.figures.tiles import gallery
from saltseg.params import Evaluate
from saltseg.scoring.out_of_fold import OutOfFold

# A warning from matplotlib would be printed in the middle of the user's pipeline.
pytestmark = pytest.mark.filterwarnings("error")

NAMES = ("loss", "iou", "map_iou", "val_loss", "val_iou", "val_map_iou")


def curves(*epochs: int) -> pd.DataFrame:
    """One fold for each number of epochs."""
    rows = [(fold, epoch) for fold, last in enumerate(epochs) for epoch in range(1, last + 1)]
    table = pd.DataFrame(rows, columns=["fold", "epoch"])
    return table.assign(**dict.fromkeys(NAMES, 1 / (table["epoch"] + table["fold"])))


def result_of(masks: np.ndarray, probabilities: np.ndarray) -> OutOfFold:
    count = len(masks)
    random = np.random.default_rng(0)
    return OutOfFold(
        tiles=pd.DataFrame(
            {
                "id": [f"tile{n}" for n in range(count)],
                "fold": 0,
                "coverage_class": 1,
                "coverage": 0.1,
                "index": np.arange(count),
            }
        ),
        probabilities=probabilities.astype(np.float16),
        curves=curves(2),
        cost={},
        images=random.integers(0, 256, masks.shape, np.uint8),
        masks=masks.astype(np.uint8),
    )


def discs(count: int) -> OutOfFold:
    """Discs, predicted the worse the higher the index."""
    masks = np.zeros((count, 21, 21), np.uint8)
    for mask in masks:
        cv2.circle(mask, (10, 10), 6, 1, thickness=-1)
    probabilities = np.stack([np.roll(mask, shift, axis=1) for shift, mask in enumerate(masks)])
    return result_of(masks, probabilities * 0.8)


def draw_gallery(result: OutOfFold, path: Path, count: int = 2) -> np.ndarray:
    options = Evaluate(threshold=0.5, gallery=count)
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


def test_gallery_of_fewer_tiles_than_asked_for(tmp_path: Path) -> None:
    draw_gallery(discs(2), tmp_path / "gallery.png", count=5)


def test_gallery_finds_the_tile_of_each_prediction(tmp_path: Path) -> None:
    """Tiles may stand in another order than in the survey."""
    straight = discs(3)
    order = [2, 0, 1]
    tiles = straight.tiles.iloc[order].reset_index(drop=True)
    mixed = OutOfFold(
        tiles, straight.probabilities[order], straight.curves, {}, straight.images, straight.masks
    )
    one, two = tmp_path / "one.png", tmp_path / "two.png"
    draw_gallery(straight, one, count=3)
    draw_gallery(mixed, two, count=3)
    assert one.read_bytes() == two.read_bytes()
