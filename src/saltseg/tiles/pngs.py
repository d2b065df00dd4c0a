"""One PNG tile from bytes to grey levels; a damaged file is an error, never half a tile."""

import struct
import zlib

import cv2
import numpy as np
from cv2.typing import MatLike

from saltseg.errors import DataError
from saltseg.quiet import silent_native_stderr
from saltseg.tiles.survey import Bytes

MAX_SIDE = 4096
MAX_CHUNKS = 2**16
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_size(data: bytes, where: str) -> tuple[int, int]:
    """Read height and width from a PNG header without decoding the picture.

    Args:
        data: The file.
        where: File and tile for error messages.

    Returns:
        Height and width in pixels, 1 to `MAX_SIDE`.

    Raises:
        DataError: The bytes are no PNG, or it is absurdly large.
    """
    if len(data) < 24 or not data.startswith(_SIGNATURE) or data[12:16] != b"IHDR":
        raise DataError(f"{where}: not a PNG file; expected a grey PNG, so replace this file")
    width, height = struct.unpack(">II", data[16:24])
    if not (0 < height <= MAX_SIDE and 0 < width <= MAX_SIDE):
        raise DataError(
            f"{where}: the PNG says it is {height}x{width} pixels; expected 1 to {MAX_SIDE} a side,"
            " so cut it into smaller tiles or replace this file"
        )
    return height, width


def image_from_png(data: bytes, where: str) -> Bytes:
    """Decode an image tile.

    Args:
        data: An 8-bit PNG: grey, or RGB with three equal channels.
        where: File and tile for error messages.

    Returns:
        Grey levels, (H, W) uint8, 0 to 255.

    Raises:
        DataError: Damaged, absurdly large, not 8-bit, or not grey.
    """
    grey = _decode_grey(data, where)
    if grey.dtype != np.uint8:
        raise DataError(f"{where}: {grey.dtype} grey levels; expected 8 bits, so convert the image")
    return grey.astype(np.uint8, copy=False)


def mask_from_png(data: bytes, where: str) -> Bytes:
    """Decode a salt mask.

    The competition stores masks with salt as 16-bit grey and masks without as 8-bit grey, so salt
    is whatever is not zero.

    Args:
        data: An 8- or 16-bit grey PNG.
        where: File and tile for error messages.

    Returns:
        (H, W) uint8, 1 = salt, 0 = not salt.

    Raises:
        DataError: Damaged, absurdly large, or not grey.
    """
    return (_decode_grey(data, where) > 0).astype(np.uint8)


def _decode_grey(data: bytes, where: str) -> MatLike:
    """Decode to (H, W) uint8 or uint16; three equal channels count as grey."""
    png_size(data, where)
    _check_chunks(data, where)
    try:
        # libpng reports on file descriptor 2 itself, past `sys.stderr` and the log of cv2.
        with silent_native_stderr():
            picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        picture = None
    if picture is None:
        raise DataError(f"{where}: the PNG cannot be decoded; download or unpack it again")
    if picture.ndim == 2:
        return picture
    if picture.shape[2] != 3 or (picture != picture[..., :1]).any():
        raise DataError(
            f"{where}: a colour picture or one with transparency; expected grey or three equal"
            " channels, so convert it to grey"
        )
    return picture[..., 0]


def _check_chunks(data: bytes, where: str) -> None:
    """Check every chunk up to IEND by its CRC.

    Decoders differ in what they make of a truncated file; some hand back a partly grey picture.
    """
    view, start, chunks = memoryview(data), len(_SIGNATURE), 0
    while start + 12 <= len(view):
        chunks += 1
        if chunks > MAX_CHUNKS:
            raise DataError(
                f"{where}: the PNG has more than {MAX_CHUNKS} chunks; no tile needs so many, so"
                " replace this file"
            )
        length, kind = struct.unpack(">I4s", view[start : start + 8])
        end = start + 12 + length
        if end > len(view):
            break
        if zlib.crc32(view[start + 4 : end - 4]) != int.from_bytes(view[end - 4 : end], "big"):
            raise DataError(
                f"{where}: the PNG is damaged (checksum of byte {start} on is wrong); download or"
                " unpack it again"
            )
        if kind == b"IEND":
            return
        start = end
    raise DataError(
        f"{where}: the PNG is truncated after {len(view)} bytes; download or unpack it again"
    )
