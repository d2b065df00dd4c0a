"""Masks over pictures."""

import tracemalloc

import cv2
import numpy as np

from saltseg.figures.overlay import contact_sheet, overlay

BLUE = (207, 155, 31)  # of #1f9bcf, blue first


def test_salt_is_tinted_and_outlined() -> None:
    grey = np.full((20, 30), 100, np.uint8)
    mask = np.zeros_like(grey)
    mask[5:15, 10:20] = 1
    painted = overlay(grey, mask)
    assert painted.shape == (20, 30, 3)
    assert (painted[:5] == 100).all()
    assert (painted[5, 10:20] == BLUE).all()
    # A quarter of the colour, three quarters of the grey.
    np.testing.assert_array_equal(painted[10, 15], [127, 114, 83])


def test_memory_is_a_few_times_the_picture() -> None:
    grey = np.full((1000, 1000), 100, np.uint8)
    tracemalloc.start()
    try:
        overlay(grey, np.ones_like(grey))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 8 * grey.size


def test_no_salt_leaves_the_picture() -> None:
    grey = np.arange(60, dtype=np.uint8).reshape(6, 10)
    np.testing.assert_array_equal(overlay(grey, grey * 0), np.dstack([grey] * 3))


def test_sheet_shows_each_picture_beside_its_salt() -> None:
    levels = [10, 20, 30, 40, 50, 60, 70]
    tiles = [(np.full((8, 9), level, np.uint8), np.zeros((8, 9), np.uint8)) for level in levels]
    tiles[0] = (tiles[0][0], np.ones((8, 9), np.uint8))
    sheet = contact_sheet([(grey, overlay(grey, mask)) for grey, mask in tiles], scale=2)
    white = (sheet == 255).all(axis=2)
    count, _, found, _ = cv2.connectedComponentsWithStats((~white).astype(np.uint8))
    assert count - 1 == len(tiles)
    assert {tuple(box[2:4].tolist()) for box in found[1:]} == {(2 * 2 * 9, 2 * 8)}
    left, top = found[1][:2]
    assert (sheet[top, left] == 10).all()
    assert (sheet[top, left + 2 * 9] == BLUE).all()
    # Six in a row, the seventh below.
    assert len({box[1] for box in found[1:]}) == 2


def test_sheet_takes_pictures_of_several_sizes() -> None:
    sizes = [(8, 9), (3, 4)]
    tiles = [(np.zeros(size, np.uint8), np.zeros((*size, 3), np.uint8)) for size in sizes]
    sheet = contact_sheet(tiles, scale=1)
    assert (sheet == 0).all(axis=2).sum() == 2 * (8 * 9 + 3 * 4)


def test_sheet_of_three_panels_has_as_many_in_a_row() -> None:
    grey, drawn = np.zeros((8, 9), np.uint8), np.full((8, 9, 3), 50, np.uint8)
    sheet = contact_sheet([(grey, drawn, drawn)] * 5, scale=1)
    assert (sheet == 50).all(axis=2).sum() == 5 * 2 * 8 * 9
    assert sheet.shape == (2 * (8 + 2 * 4), 4 * 3 * (9 + 4), 3)
