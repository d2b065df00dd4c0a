"""Masks over pictures, pixel by pixel; no axes, so that they can be laid over other things."""

from collections.abc import Sequence

import cv2
import numpy as np
from matplotlib.colors import to_rgb

from saltseg.array_types import Bytes
from saltseg.figures.style import PREDICTION

_TINT = 0.25
_GAP = 4
_PANELS = 12
"""In a row of a contact sheet."""


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
    return outlined(painted, mask)


def outlined(painted: Bytes, mask: Bytes) -> Bytes:
    """The same picture, (H, W, 3) uint8, in which the outline of its salt has been drawn."""
    colour = [255 * part for part in to_rgb(PREDICTION)[::-1]]
    salt = (mask > 0).astype(np.uint8)
    outlines, _ = cv2.findContours(salt, cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)
    cv2.drawContours(painted, outlines, -1, colour, 1)
    return painted


def contact_sheet(pictures: Sequence[Sequence[Bytes]], scale: int = 2) -> Bytes:
    """Pictures in rows, each one beside itself as it was drawn over.

    Args:
        pictures: Grey levels of each, (H, W), and what was drawn of it, (H, W, 3) uint8 each, as
            many for all; one picture or several, whose sizes may differ.
        scale: Pixels of the sheet for each pixel of a picture.

    Returns:
        (rows, columns, 3) uint8, blue first; white where there is no picture.
    """
    height = scale * max(grey.shape[0] for grey, *_ in pictures)
    width = scale * max(grey.shape[1] for grey, *_ in pictures)
    panels = len(pictures[0])
    across = min(_PANELS // panels, len(pictures))
    down, step = -(-len(pictures) // across), panels * (width + _GAP)
    sheet = np.full((down * (height + 2 * _GAP), across * step, 3), 255, np.uint8)
    for number, (grey, *drawn) in enumerate(pictures):
        row, column = divmod(number, across)
        all_ = np.concatenate([np.repeat(grey[..., None], 3, axis=2), *drawn], axis=1)
        all_ = all_.repeat(scale, axis=0).repeat(scale, axis=1)
        top, left = row * (height + 2 * _GAP) + _GAP, column * step + _GAP
        sheet[top : top + all_.shape[0], left : left + all_.shape[1]] = all_
    return sheet
