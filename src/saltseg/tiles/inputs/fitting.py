"""Tiles to the side of the network's input, and predictions back."""

import cv2
import numpy as np
from numpy.typing import NDArray

from saltseg.array_types import Bytes
from saltseg.params import Preprocess


def fit_channel(channel: Bytes, options: Preprocess) -> Bytes:
    """Bring one channel, (H, W) uint8, to the side of the input, (S, S) uint8.

    Resized, by area averaging where it shrinks, else bilinear; or padded with its mirror image.
    """
    if _pads(channel.shape, options):
        return _pad(channel, options.side)
    shrinks = options.side < min(channel.shape)
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return _resize(channel, options.side, how)


def fit_mask(mask: Bytes, options: Preprocess) -> Bytes:
    """Bring a mask, (H, W) uint8, to the side of the input; each pixel takes the nearest one."""
    if _pads(mask.shape, options):
        return _pad(mask, options.side)
    return _resize(mask, options.side, cv2.INTER_NEAREST_EXACT)


def fit_back(
    tile: NDArray[np.float32], height: int, width: int, options: Preprocess
) -> NDArray[np.float32]:
    """Bring one prediction, (S, S) float32, back to (H, W): bilinear, or without its margins."""
    if _pads((height, width), options):
        top, left = (options.side - height) // 2, (options.side - width) // 2
        return tile[top : top + height, left : left + width]
    resized = cv2.resize(tile, (width, height), interpolation=cv2.INTER_LINEAR)
    return resized.astype(np.float32, copy=False)


def _pads(shape: tuple[int, ...], options: Preprocess) -> bool:
    """Whether a picture is padded; one that does not fit in is resized all the same."""
    return options.fit == "pad" and max(shape) <= options.side


def _pad(picture: Bytes, side: int) -> Bytes:
    margins = [((side - n) // 2, side - n - (side - n) // 2) for n in picture.shape]
    return np.pad(picture, margins, mode="reflect")


def _resize(picture: Bytes, side: int, how: int) -> Bytes:
    resized = cv2.resize(np.ascontiguousarray(picture), (side, side), interpolation=how)
    return resized.astype(np.uint8, copy=False)
