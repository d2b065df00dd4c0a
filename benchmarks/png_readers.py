"""Our reader of PNG tiles against Pillow's: damaged tiles, malicious ones, and speed.

    python -m benchmarks.png_readers

Pillow reads as its documentation advises for files of strangers: `verify`, then `load`, warnings of
decompression bombs as errors, truncated files refused.
"""

import io
import random
import struct
import time
import tracemalloc
import warnings
import zlib
from collections import Counter
from collections.abc import Callable
from typing import Annotated

import cv2
import numpy as np
import typer
from PIL import Image
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from saltseg.errors import DataError
from saltseg.tiles.reading.pngs import image_from_png, mask_from_png

SIDE = 101
Reader = Callable[[bytes], np.ndarray]
warnings.simplefilter("error", Image.DecompressionBombWarning)


def by_pillow(data: bytes) -> np.ndarray:
    """Grey levels, (H, W) uint8, or a mask's levels."""
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        image.verify()
    with Image.open(io.BytesIO(data), formats=["PNG"]) as image:
        image.load()
        if image.mode not in ("L", "I;16", "I"):
            raise ValueError(f"mode {image.mode}")
        return np.asarray(image)


def by_ours(data: bytes) -> np.ndarray:
    """Grey levels of an 8-bit tile; of a 16-bit one what `mask_from_png` makes of it."""
    if data[24:25] == b"\x10":
        return mask_from_png(data, "tile")[0].astype(np.uint16) * 65535
    return image_from_png(data, "tile")


READERS: dict[str, Reader] = {"ours": by_ours, "Pillow": by_pillow}


def chunk(kind: bytes, content: bytes) -> bytes:
    """A whole chunk with its checksum."""
    head = struct.pack(">I", len(content)) + kind
    return head + content + struct.pack(">I", zlib.crc32(kind + content))


def malicious(tile: bytes) -> dict[str, bytes]:
    """Files that are small and would be large, by what they do."""
    header, rest = tile[:33], tile[33:]
    zeros = zlib.compress(bytes(2**28), 9)
    ihdr = struct.pack(">II", 100_000, 100_000) + tile[24:29]
    pixels = chunk(b"IDAT", zeros)
    return {
        "256 MiB of text": header + chunk(b"zTXt", b"a\0\0" + zeros) + rest,
        "256 MiB of colour profile": header + chunk(b"iCCP", b"a\0\0" + zeros) + rest,
        "256 MiB behind the last pixel": header + pixels + chunk(b"IEND", b""),
        "100,000 pixels a side": tile[:8] + chunk(b"IHDR", ihdr) + rest,
        "100,000 chunks": header + chunk(b"tEXt", b"a\0b") * 100_000 + rest,
    }


def damaged(tile: bytes, draw: random.Random) -> bytes:
    """A tile that is cut off, or has a bit or some bytes changed, its checksums mended or not."""
    data = bytearray(tile)
    kind = draw.randrange(4)
    if kind == 0:
        return bytes(data[: draw.randrange(8, len(data))])
    for _ in range(1 if kind == 1 else draw.randrange(1, 20)):
        place = draw.randrange(8, len(data))
        data[place] = data[place] ^ (1 << draw.randrange(8)) if kind == 1 else draw.randrange(256)
    return mended(bytes(data)) if kind == 3 else bytes(data)


def mended(data: bytes) -> bytes:
    """With right checksums, as far as chunks can be found."""
    out, start = bytearray(data), 8
    while start + 12 <= len(data):
        (length,) = struct.unpack(">I", data[start : start + 4])
        end = start + 8 + length
        if end + 4 > len(data):
            break
        out[end : end + 4] = struct.pack(">I", zlib.crc32(bytes(out[start + 4 : end])))
        start = end + 4
    return bytes(out)


def outcome(read: Reader, data: bytes, truth: np.ndarray) -> str:
    """What a reader makes of a damaged file."""
    try:
        found = read(data)
    except (DataError, OSError, SyntaxError, ValueError, Image.DecompressionBombWarning):
        return "refused"
    except Exception as error:
        return f"other error: {type(error).__name__}"
    return "right pixels" if np.array_equal(found, truth) else "wrong pixels"


def main(
    files: Annotated[int, typer.Option(min=1, help="Damaged files.")] = 20_000,
    seed: Annotated[int, typer.Option(help="Of the damage.")] = 0,
) -> None:
    """Read the same files with both."""
    draw, console = random.Random(seed), Console(highlight=False)
    grey = cv2.GaussianBlur(
        np.random.default_rng(seed).integers(0, 256, (SIDE, SIDE), np.uint8), (0, 0), 2
    )
    salt = np.where(grey > 127, 65535, 0).astype(np.uint16)
    tiles = [(cv2.imencode(".png", one)[1].tobytes(), one) for one in (grey, salt)]
    counts: dict[str, Counter[str]] = {name: Counter() for name in READERS}
    for _ in range(files):
        tile, truth = draw.choice(tiles)
        data = damaged(tile, draw)
        for name, read in READERS.items():
            counts[name][outcome(read, data, truth)] += 1
    kinds = sorted(set().union(*counts.values()))
    table = Table("", *kinds, title=f"{files} damaged tiles, seed {seed}", box=SIMPLE)
    for name, found in counts.items():
        table.add_row(name, *(str(found[kind]) for kind in kinds))
    console.print(table)
    table = Table("malicious", *READERS, title="outcome, seconds, MiB of Python", box=SIMPLE)
    for what, data in malicious(tiles[0][0]).items():
        cells = []
        for read in READERS.values():
            tracemalloc.start()
            begin = time.perf_counter()
            result = outcome(read, data, grey)
            seconds, peak = time.perf_counter() - begin, tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            cells.append(f"{result}, {seconds:.2f}, {peak / 2**20:.0f}")
        table.add_row(what, *cells)
    console.print(table)
    seconds = {}
    for name, read in READERS.items():
        begin = time.perf_counter()
        for _ in range(2000):
            read(tiles[0][0])
        seconds[name] = time.perf_counter() - begin
    console.print(f"time of a good tile, Pillow / ours: {seconds['Pillow'] / seconds['ours']:.2f}")


if __name__ == "__main__":
    typer.run(main)
