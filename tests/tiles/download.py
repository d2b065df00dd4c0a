"""A download of the competition in the small, to be spoilt."""

import shutil
import struct
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from saltseg.errors import DataError
from saltseg.tiles.reading.kaggle import read_kaggle

HEIGHT, WIDTH = 6, 5
IDS = ["0a1", "1b2", "2c3", "3d4"]
UNLABELLED = ["8e5", "9f6"]

Change = Callable[[Path], object]


def grey(index: int, shape: tuple[int, int] = (HEIGHT, WIDTH)) -> np.ndarray:
    return np.random.default_rng(index).integers(0, 256, shape, dtype=np.uint8)


def salt(index: int) -> np.ndarray:
    """Tile 0 holds no salt; the others more and more of it."""
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    mask[HEIGHT - index :, 1:3] = 1
    return mask


def png(picture: np.ndarray) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


def as_rgb(picture: np.ndarray) -> np.ndarray:
    return np.repeat(picture[..., None], 3, axis=2)


def as_mask(mask: np.ndarray) -> np.ndarray:
    """As in the competition: 16-bit with salt, 8-bit without."""
    return mask.astype(np.uint16) * 65535 if mask.any() else mask


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def raw_png(height: int, width: int, pixels: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b"")]
    )


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def zip_up(folder: Path, name: str) -> Path:
    """Replace `name/` by `name.zip`."""
    shutil.make_archive(str(folder / name), "zip", folder / name)
    shutil.rmtree(folder / name)
    return folder / f"{name}.zip"


def assert_one_line(folder: Path, expected: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        read_kaggle(folder)
    message = str(caught.value)
    assert [part for part in expected if part not in message] == [], message
    assert "\n" not in message
