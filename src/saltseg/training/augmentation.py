"""Augmentation: a training tile and its mask changed at random, together."""

from collections.abc import Callable, Sequence
from functools import partial

import cv2
import numpy as np
from numpy.typing import NDArray

from saltseg.array_types import Bytes
from saltseg.params import Augment
from saltseg.tiles.inputs.processed import Kind

_GRID = 4
"""Points along a side between which an elastic change is smooth."""

MIDDLE = 127.5
"""Grey level of amplitude zero."""


def augment_tile(
    image: Bytes,
    mask: Bytes,
    options: Augment,
    kinds: Sequence[Kind],
    random: np.random.Generator,
) -> tuple[Bytes, Bytes]:
    """Move a tile and its mask together, change brightness and contrast, and blank a part.

    What comes in from outside the tile is its mirror image. Channels of kind `gradient` end as if
    made of the changed grey levels, but for rounding, rotation and elastic changes, which they
    follow as pictures; those of kind `position` stay, since where a pixel lies in its tile does not
    change. A blanked square has amplitude zero, and its mask stays: what lies there can be told
    from around it (DeVries and Taylor 2017, arXiv:1708.04552).

    Args:
        image: (S, S, C) uint8.
        mask: (S, S, 1) uint8.
        options: What may be changed, and by how much.
        kinds: Of the C channels.
        random: Source of the draws, used up in a fixed order.

    Returns:
        Image and mask, shapes and dtypes unchanged.
    """
    size = mask.shape[0]
    mirrored = options.flip and random.random() < 0.5
    zoom = 1 + random.uniform(-options.scale, options.scale)
    shift = random.uniform(-options.shift, options.shift, 2) * size
    brighter = random.uniform(-options.brightness, options.brightness) * 255
    gain = (1 + options.contrast) ** random.uniform(-1, 1)
    # These draw nothing where they are off, so that an epoch does not depend on what is not used.
    angle = np.radians(random.uniform(-1, 1) * options.rotate) if options.rotate else 0.0
    move = _movement(size, zoom, shift, angle, mirrored, options.elastic, random)
    blank = _square(size, options.cutout, random) if options.cutout else None
    changed = image.copy()
    for channel, kind in enumerate(kinds):
        if kind == "position":
            continue
        moved = move(image[..., channel], cv2.INTER_LINEAR)
        if kind == "grey":
            levels = gain * (moved - MIDDLE) + MIDDLE + brighter
        else:
            levels = gain / zoom * moved
        changed[..., channel] = np.rint(np.clip(levels, 0, 255)).astype(np.uint8)
        if blank is not None:
            changed[(*blank, channel)] = round(MIDDLE) if kind == "grey" else 0
    return changed, move(mask[..., 0], cv2.INTER_NEAREST)[..., None]


def part_to_mix(size: int, share: float, random: np.random.Generator) -> tuple[slice, slice] | None:
    """Which part of a tile is to come from another one.

    Args:
        size: Side of the tile.
        share: Of tiles of which a part is.
        random: Source of the draws, used up in a fixed order.

    Returns:
        Rows and columns of a square of at most half of the tile's area, as in CutMix (Yun et al.
        2019, arXiv:1905.04899; of masks French et al. 2020, arXiv:1906.01916); None for the others.
    """
    if not share or random.random() >= share:
        return None
    side = max(1, round(size * float(np.sqrt(0.5 * random.random()))))
    return _place(size, side, random)


def _movement(
    size: int,
    zoom: float,
    shift: NDArray[np.float64],
    angle: float,
    mirrored: bool,
    elastic: float,
    random: np.random.Generator,
) -> Callable[[Bytes, int], Bytes]:
    """What moves the pixels of a (S, S) plane, by an interpolation of OpenCV."""
    centre = (size - 1) / 2
    turn = zoom * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    if mirrored:
        turn[:, 0] *= -1
    away = shift + centre - turn @ [centre, centre]
    matrix = np.column_stack([turn, away])
    if not elastic:
        return partial(_warp, matrix)
    # Random shifts on a coarse grid, smoothly between its points (Simard et al. 2003).
    coarse = random.uniform(-elastic, elastic, (_GRID, _GRID, 2)) * size
    wobble = cv2.resize(coarse, (size, size), interpolation=cv2.INTER_CUBIC)
    # A warp asks for each pixel where it comes from, so the way back.
    back = cv2.invertAffineTransform(matrix)
    rows, columns = np.mgrid[:size, :size]
    source = np.stack([columns, rows], -1) @ back[:, :2].T + back[:, 2] + wobble
    return partial(_remap, source.astype(np.float32))


def _square(size: int, most: float, random: np.random.Generator) -> tuple[slice, slice]:
    """Rows and columns of a square inside a tile."""
    return _place(size, int(random.integers(1, max(2, round(most * size) + 1))), random)


def _place(size: int, side: int, random: np.random.Generator) -> tuple[slice, slice]:
    """Rows and columns of a square of `side` anywhere inside a tile."""
    top, left = random.integers(0, size - side + 1, 2).tolist()
    return slice(top, top + side), slice(left, left + side)


def _remap(source: NDArray[np.float32], plane: Bytes, how: int) -> Bytes:
    """Take each pixel of a (S, S) plane from where `source`, (S, S, 2), says: column, row."""
    moved = cv2.remap(plane, source[..., 0], source[..., 1], how, borderMode=cv2.BORDER_REFLECT_101)
    return moved.astype(np.uint8, copy=False)


def _warp(matrix: NDArray[np.float64], plane: Bytes, how: int) -> Bytes:
    """Apply an affine map to one (S, S) plane; OpenCV takes at most four channels at a time."""
    warped = cv2.warpAffine(
        plane, matrix, plane.shape[::-1], flags=how, borderMode=cv2.BORDER_REFLECT_101
    )
    return warped.astype(np.uint8, copy=False)
