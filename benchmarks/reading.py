"""What reading a download takes beside decoding its files and nothing else.

    python -m benchmarks.reading                     # a zip of tiles like those of the competition
    python -m benchmarks.reading data/tgs/train.zip

Ours lists the zip, checks and decodes images and masks, and refuses what is damaged, malicious or
no tile; the other is `cv2.imdecode` of the same bytes, unpacked before. They take turns.
"""

import statistics
import tempfile
import time
import zipfile
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer

from saltseg.tiles.reading.archive import open_members
from saltseg.tiles.reading.stack import read_images, read_masks

SIDE = 101


def write_zip(path: Path, tiles: int) -> None:
    """Images of three equal channels and masks of 16 bits."""
    draw = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for tile in range(tiles):
            noise = cv2.GaussianBlur(draw.normal(size=(SIDE, SIDE)), (0, 0), 2)
            grey = cv2.normalize(noise, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)
            mask = np.where(cv2.blur(noise, (31, 31)) > 0, 65535, 0).astype(np.uint16)
            for folder, picture in (("images", cv2.merge([grey] * 3)), ("masks", mask)):
                png = cv2.imencode(".png", picture)[1].tobytes()
                archive.writestr(f"{folder}/{tile:05d}.png", png)


def read(path: Path) -> int:
    """Read all as `acquire` does; returns the number of files."""
    with open_members(path) as members:
        images = [member for member in members if member.folder == "images"]
        masks = [member for member in members if member.folder == "masks"]
        size = read_images(images, "images").shape[1:]
        read_masks(masks, (size[0], size[1]), "masks")
        return len(images) + len(masks)


def main(
    path: Annotated[Path | None, typer.Argument(help="A zip with images/ and masks/.")] = None,
    tiles: Annotated[int, typer.Option(min=10, help="Where no zip is named.")] = 2000,
    rounds: Annotated[int, typer.Option(min=2, help="Turns of each.")] = 5,
) -> None:
    """Print microseconds a file, and the ratio."""
    with tempfile.TemporaryDirectory() as temporary:
        archive = path or Path(temporary) / "train.zip"
        if not path:
            write_zip(archive, tiles)
        with open_members(archive) as members:
            files = [np.frombuffer(member.read(), np.uint8) for member in members]
        ours, bare = [], []
        for _ in range(rounds):
            began = time.perf_counter()
            count = read(archive)
            ours.append(time.perf_counter() - began)
            began = time.perf_counter()
            for file in files:
                cv2.imdecode(file, cv2.IMREAD_UNCHANGED)
            bare.append(time.perf_counter() - began)
    ratio = statistics.median(one / other for one, other in zip(ours, bare, strict=True))
    each = [1e6 * statistics.median(seconds) / count for seconds in (ours, bare)]
    print(
        f"{count} files: {each[0]:.0f} us a file, decoding alone {each[1]:.0f}: {ratio:.2f} times"
    )


if __name__ == "__main__":
    typer.run(main)
