"""One PNG tile from bytes to grey levels; a damaged file is an error, never half a tile."""

import struct
import zlib
from collections.abc import Iterator

import cv2
import numpy as np
from cv2.typing import MatLike

from saltseg.array_types import Bytes
from saltseg.errors import DataError
from saltseg.quiet import silent_native_stderr
from saltseg.tiles.masks import UNLABELLED

MAX_SIDE = 4096
MAX_SECTION_SIDE = 2**15
MAX_PIXELS = 2**28
MAX_CHUNKS = 2**16
_PIECE = 2**20
_MOST_BETWEEN = 1 / 3
"""Share of pixels neither dark nor bright above which a mask is a picture: 99 in 100 images of the
TGS survey have more, and none of its masks, resized to 16 pixels and back, has half as much."""
_UNLABELLED_LEVELS, _SALT_LEVELS = (128, 128 * 257), (1, 255, 65535)
"""128 of 255, and the same of 65535; what is salt in a mask that holds it."""
_SAMPLES = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
"""Samples of a pixel by PNG colour type."""
_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def png_size(data: bytes, where: str, most: int = MAX_SIDE) -> tuple[int, int]:
    """Read height and width from a PNG header without decoding the picture.

    Args:
        data: The file.
        where: File and tile for error messages.
        most: Pixels of the longest side that is believed.

    Returns:
        Height and width in pixels, 1 to `most`.

    Raises:
        DataError: The bytes are no PNG, or it is absurdly large.
    """
    if len(data) < 24 or not data.startswith(_SIGNATURE) or data[12:16] != b"IHDR":
        raise DataError(f"{where}: not a PNG file; expected a grey PNG, so replace this file")
    width, height = struct.unpack(">II", data[16:24])
    if not (0 < height <= most and 0 < width <= most):
        raise DataError(
            f"{where}: the PNG says it is {height}x{width} pixels; expected 1 to {most} a side,"
            " so cut it into smaller tiles or replace this file"
        )
    if height * width > MAX_PIXELS:
        raise DataError(
            f"{where}: {height}x{width} pixels; expected at most {MAX_PIXELS} in all, so cut it"
            " into smaller pictures"
        )
    return height, width


def image_from_png(data: bytes, where: str, most: int = MAX_SIDE) -> Bytes:
    """Decode an image.

    Args:
        data: An 8-bit PNG: grey, or RGB with three equal channels; alpha only where all is opaque.
        where: File and tile for error messages.
        most: Pixels of the longest side that is believed.

    Returns:
        Grey levels, (H, W) uint8, 0 to 255.

    Raises:
        DataError: Damaged, absurdly large, not 8-bit, or not grey.
    """
    grey = _decode_grey(data, where, most)
    if grey.dtype != np.uint8:
        raise DataError(f"{where}: {grey.dtype} grey levels; expected 8 bits, so convert the image")
    return grey.astype(np.uint8, copy=False)


def mask_from_png(data: bytes, where: str) -> tuple[Bytes, bool]:
    """Decode a salt mask.

    The competition stores masks with salt as 16-bit grey and masks without as 8-bit grey, so of
    nothing and one other level the other is salt, whatever it is, but for 128 of 255: that is what
    nobody has labelled, alone or beside 0 and the level of salt. More levels are what resizing or a
    JPEG has made of two: there salt is what is above half of the brightest.

    Args:
        data: An 8- or 16-bit PNG, grey like an image.
        where: File and tile for error messages.

    Returns:
        (H, W) uint8, values as in `tiles.masks`; and whether there were more levels than these.

    Raises:
        DataError: Damaged, absurdly large, not grey, or rather a picture.
    """
    grey = _decode_grey(data, where, MAX_SIDE)
    known = ~np.isin(grey, _UNLABELLED_LEVELS)
    if not known.all() and _is_plain(grey[known]):
        return np.where(known, grey > 0, UNLABELLED).astype(np.uint8), False
    lowest, highest = int(grey.min()), int(grey.max())
    if lowest == highest or np.all((grey == 0) | (grey == highest)):
        return (grey > 0).astype(np.uint8), False
    top = float(highest)
    between = np.mean((grey > top / 4) & (grey < 3 * top / 4))
    if between > _MOST_BETWEEN:
        raise DataError(
            f"{where}: {len(np.unique(grey))} grey levels from {lowest} to {highest}, {between:.0%}"
            " of the pixels neither dark nor bright; expected a mask, 0 and one other level, so"
            " replace this picture"
        )
    return (grey > top / 2).astype(np.uint8), True


def _is_plain(grey: MatLike) -> bool:
    """Whether grey levels are 0 and that of salt, or one of them, or none."""
    salt = np.unique(grey[grey > 0])
    return len(salt) == 0 or (len(salt) == 1 and salt[0] in _SALT_LEVELS)


def _decode_grey(data: bytes, where: str, most: int) -> MatLike:
    """Decode to (H, W) uint8 or uint16; equal channels count as grey, and so does opaque alpha."""
    height, width = png_size(data, where, most)
    chunks = list(_chunks(data, where))
    pixels = b"".join(chunk[8:-4] for kind, chunk in chunks if kind == b"IDAT")
    _check_stream(data, pixels, height, width, where)
    # Text, colour profiles and further frames change no grey level and only make work.
    needed = [chunk for kind, chunk in chunks if kind[:1].isupper() or kind == b"tRNS"]
    plain = _SIGNATURE + b"".join(needed)
    try:
        # libpng reports on file descriptor 2 itself, past `sys.stderr` and the log of cv2.
        with silent_native_stderr():
            picture = cv2.imdecode(np.frombuffer(plain, np.uint8), cv2.IMREAD_UNCHANGED)
    except cv2.error:
        picture = None
    if picture is None:
        raise DataError(f"{where}: the PNG cannot be decoded; download or unpack it again")
    if picture.ndim == 2:
        return picture
    grey, green, red, *alpha = cv2.split(picture)
    opaque = 255 if picture.dtype == np.uint8 else 65535
    equal = np.array_equal(grey, green) and np.array_equal(grey, red)
    if not equal or any(np.any(one != opaque) for one in alpha):
        raise DataError(
            f"{where}: a colour picture or one with transparency; expected grey or three equal"
            " channels, so convert it to grey"
        )
    return grey


def _chunks(data: bytes, where: str) -> Iterator[tuple[bytes, bytes]]:
    """Kind and bytes of every chunk up to IEND, checked by its CRC.

    Decoders differ in what they make of a truncated file; some hand back a partly grey picture.
    """
    start = len(_SIGNATURE)
    for _ in range(MAX_CHUNKS):
        length, kind = struct.unpack(">I4s", data[start : start + 8].ljust(8, b"\0"))
        end = start + 12 + length
        if end > len(data):
            raise DataError(
                f"{where}: the PNG is truncated after {len(data)} bytes; download or unpack it"
                " again"
            )
        chunk = data[start:end]
        if zlib.crc32(chunk[4:-4]) != int.from_bytes(chunk[-4:], "big"):
            raise DataError(
                f"{where}: the PNG is damaged (checksum of byte {start} on is wrong); download or"
                " unpack it again"
            )
        yield kind, chunk
        if kind == b"IEND":
            return
        start = end
    raise DataError(
        f"{where}: the PNG has more than {MAX_CHUNKS} chunks; no tile needs so many, so replace"
        " this file"
    )


def _check_stream(data: bytes, pixels: bytes, height: int, width: int, where: str) -> None:
    """Make sure that packed pixels end about where the picture does.

    libpng unpacks whatever follows the last pixel, for minutes where it is gigabytes.
    """
    bits = data[24] * _SAMPLES.get(data[25], 4)
    # Interlacing makes up to twice as many rows, each with a byte before and a part of one after.
    room = -(-width * bits // 8) * height + 4 * (height + 8)
    stream, waiting = zlib.decompressobj(), pixels
    try:
        while waiting and room >= 0:
            room -= len(stream.decompress(waiting, _PIECE))
            waiting = stream.unconsumed_tail
    except zlib.error:
        return  # libpng stops there, too
    if room < 0:
        raise DataError(
            f"{where}: the PNG holds more than its {height}x{width} pixels; replace this file"
        )
