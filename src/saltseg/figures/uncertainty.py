"""Uncertainty over pictures, pixel by pixel, with a legend below."""

from functools import cache

import cv2
import numpy as np
from matplotlib import colormaps
from numpy.typing import NDArray

from saltseg.array_types import Bytes
from saltseg.figures.overlay import outlined
from saltseg.uncertainty.measures import MOST

_LEVELS = 256
_FULL = 0.1
"""Uncertainty from which on the colour covers most of the picture."""
_COVERED = 0.75
_LEFT, _LOWEST, _BAR, _HIGH = 10, 330, 300, 46
"""Pixels of the legend: margin, least width, width of its bar, height."""
_CAPTION = "standard deviation of the salt probability"
_MIDDLE = 128


def uncertainty_overlay(grey: Bytes, mask: Bytes, uncertainty: NDArray[np.floating]) -> Bytes:
    """A picture in grey, coloured where the networks lie apart, its salt outlined.

    Args:
        grey: Grey levels, (H, W) uint8.
        mask: Salt where above 0, (H, W).
        uncertainty: (H, W), 0 to 0.5; colours mean the same in every picture.

    Returns:
        (H, W, 3) uint8, blue first, as OpenCV writes it.
    """
    level = np.rint(np.clip(uncertainty / MOST, 0, 1) * (_LEVELS - 1)).astype(np.uint8)
    return outlined(_colours()[level, grey], mask)


def with_legend(picture: Bytes) -> Bytes:
    """The same with what its colours mean below it; white where one of the two is narrower.

    Args:
        picture: (H, W, 3) uint8, blue first.
    """
    height, width, _ = picture.shape
    whole = np.full((height + _HIGH, max(width, _LOWEST), 3), 255, np.uint8)
    whole[:height, :width] = picture
    bar = np.linspace(0, _LEVELS - 1, _BAR).round().astype(np.uint8)
    top = height + 6
    whole[top : top + 10, _LEFT : _LEFT + _BAR] = _colours()[bar, _MIDDLE]
    for tick in np.arange(0, MOST + 0.05, 0.1).tolist():
        left = _LEFT + round(tick / MOST * (_BAR - 1))
        whole[top + 10 : top + 13, left] = 0
        _write(whole, f"{tick:.1g}", left - 4 - 4 * (tick > 0), top + 23)
    _write(whole, _CAPTION, _LEFT, top + 37)
    return whole


def _write(picture: Bytes, text: str, left: int, bottom: int) -> None:
    font, thickness = cv2.FONT_HERSHEY_SIMPLEX, 1
    cv2.putText(picture, text, (left, bottom), font, 0.36, (0, 0, 0), thickness, cv2.LINE_AA)


@cache
def _colours() -> Bytes:
    """Colour by level of uncertainty and grey level, (256, 256, 3) uint8, blue first."""
    shares = np.linspace(0, 1, _LEVELS)
    # Without the end that is as dark as rock.
    colour = 255 * colormaps["plasma_r"](0.85 * shares)[:, None, 2::-1]
    cover = _COVERED * np.minimum(shares * MOST / _FULL, 1)[:, None, None]
    grey = np.arange(256)[None, :, None]
    found: Bytes = np.rint(cover * colour + (1 - cover) * grey).astype(np.uint8)
    return found
