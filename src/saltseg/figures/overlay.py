"""Masks over pictures, pixel by pixel; no axes, so that they can be laid over other things."""

from collections.abc import Sequence

import cv2
import numpy as np
from matplotlib.colors import to_rgb

from saltseg.array_types import Bytes
from saltseg.figures.style import PREDICTION

_TINT = 0.25
_GAP = 4
_ACROSS = 6


def overlay(grey: Bytes, mask: Bytes) -> Bytes:
    """A picture in grey with its salt tinted and outlined.

    Args:
        grey: Grey levels, (H, W) uint8.
        mask: Salt where above 0, (H, W).

    Returns:
        (H, W, 3) uint8, blue first, as OpenCV writes it.
    """
    colour = 255 * np.array(to_rgb(PREDICTION)[::-1])
    levels = np.arange(256)[:, None]
    tinted = np.rint((1 - _TINT) * levels + _TINT * colour).astype(np.uint8)
    salt = (mask > 0).astype(np.uint8)
    painted = np.repeat(grey[..., None], 3, axis=2)
    for channel in range(3):
        np.copyto(painted[..., channel], tinted[grey, channel], where=salt.view(bool))
    outlines, _ = cv2.findContours(salt, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(painted, outlines, -1, colour.tolist(), 1)
    return painted


def contact_sheet(pictures: Sequence[tuple[Bytes, Bytes]], scale: int = 2) -> Bytes:
    """Pictures in rows, each one beside itself with its salt.

    Args:
        pictures: Grey levels and mask of each, one or several; sizes may differ.
        scale: Pixels of the sheet for each pixel of a picture.

    Returns:
        (rows, columns, 3) uint8, blue first; white where there is no picture.
    """
    height = scale * max(grey.shape[0] for grey, _ in pictures)
    width = scale * max(grey.shape[1] for grey, _ in pictures)
    across = min(_ACROSS, len(pictures))
    down = -(-len(pictures) // across)
    sheet = np.full((down * (height + 2 * _GAP), across * 2 * (width + _GAP), 3), 255, np.uint8)
    for number, (grey, mask) in enumerate(pictures):
        row, column = divmod(number, across)
        both = np.concatenate([np.repeat(grey[..., None], 3, axis=2), overlay(grey, mask)], axis=1)
        both = both.repeat(scale, axis=0).repeat(scale, axis=1)
        top, left = row * (height + 2 * _GAP) + _GAP, column * 2 * (width + _GAP) + _GAP
        sheet[top : top + both.shape[0], left : left + both.shape[1]] = both
    return sheet
