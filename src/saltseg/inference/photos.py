"""JPEG and TIFF files of grey levels; Pillow reads their size before a pixel is decoded."""

import io
import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from saltseg.array_types import Bytes
from saltseg.errors import DataError
from saltseg.tiles.reading.archive import read_file
from saltseg.tiles.reading.pngs import MAX_PIXELS, MAX_SECTION_SIDE

PHOTO_SUFFIXES = (".jpg", ".jpeg", ".tif", ".tiff")
_FORMATS = ("JPEG", "TIFF")
_TINT = 16
"""Grey levels by which the channels of a grey picture may differ: JPEG does not keep them equal."""


def image_from_photo(path: Path) -> Bytes:
    """Decode a picture.

    Args:
        path: A JPEG or TIFF file: one picture, 8 bits, grey or three about equal channels.

    Returns:
        Grey levels, (H, W) uint8.

    Raises:
        DataError: Damaged, absurdly large, of several pages, not 8 bits, or in colour.
    """
    data = read_file(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of tags it does not know
            with Image.open(io.BytesIO(data), formats=_FORMATS) as picture:
                _check(picture, path)
                return _grey(np.asarray(picture), path)
    except DataError:
        raise
    except Image.DecompressionBombError:
        raise DataError(
            f"{path}: more pixels than a section has; expected at most {MAX_SECTION_SIDE} a side,"
            " so cut it"
        ) from None
    except Exception as error:  # Pillow lets through whatever its decoders raise
        raise DataError(
            f"{path}: no readable JPEG or TIFF ({type(error).__name__}); save it as PNG"
        ) from None


def _check(picture: Image.Image, path: Path) -> None:
    width, height = picture.size
    if max(width, height) > MAX_SECTION_SIDE or width * height > MAX_PIXELS:
        raise DataError(
            f"{path}: {height}x{width} pixels; expected at most {MAX_SECTION_SIDE} a side and"
            f" {MAX_PIXELS} in all, so cut it"
        )
    pages = getattr(picture, "n_frames", 1)
    if picture.mode not in ("L", "RGB") or pages != 1:
        raise DataError(
            f"{path}: {pages} page(s) of mode {picture.mode}; expected one of 8-bit grey levels:"
            " save it as PNG, or amplitudes as .npy"
        )


def _grey(pixels: Bytes, path: Path) -> Bytes:
    if pixels.ndim == 2:
        return np.array(pixels)
    if (pixels.max(axis=2) - pixels.min(axis=2)).max(initial=0) > _TINT:
        raise DataError(
            f"{path}: a colour picture; expected grey or three equal channels, so convert it to"
            " grey"
        )
    return np.rint(pixels.mean(axis=2)).astype(np.uint8)
