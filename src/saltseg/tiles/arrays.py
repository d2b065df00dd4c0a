"""The array cache: channels of all tiles, resized, in `.npy` files written through memory maps."""

import json
from pathlib import Path

import cv2
import numpy as np
from numpy.lib.format import open_memmap
from rich.progress import track

from saltseg.params import Preprocess
from saltseg.tiles.channels import CHANNELS, relative_depths
from saltseg.tiles.survey import Bytes, read_array, read_tiles


def write_arrays(survey: Path, out: Path, options: Preprocess) -> None:
    """Turn a survey into network input, tile by tile, so that memory does not grow with it.

    Channels are made at native size and then resized (area averaging where it shrinks, else
    bilinear); masks take the nearest pixel.

    Args:
        survey: Folder written by `save_survey`.
        out: Folder for `images.npy` (N, S, S, C) and `masks.npy` (N, S, S, 1), both uint8, and
            `native.json` (H and W before).
        options: Side S and channels.

    Raises:
        DataError: The survey cannot be read, or a tile lacks what a channel needs.
    """
    images, masks = read_array(survey / "images.npy"), read_array(survey / "masks.npy")
    depths = relative_depths(read_tiles(survey), list(options.channels))
    size, makers = options.size, [CHANNELS[name] for name in options.channels]
    shape = (len(images), size, size)
    out.mkdir(parents=True, exist_ok=True)
    arrays = open_memmap(out / "images.npy", "w+", np.uint8, (*shape, len(makers)))
    targets = open_memmap(out / "masks.npy", "w+", np.uint8, (*shape, 1))
    for index in track(range(len(images)), description="channels"):
        image = np.ascontiguousarray(images[index])
        for channel, maker in enumerate(makers):
            arrays[index, :, :, channel] = resize_tile(maker(image, depths[index]), size)
        targets[index, :, :, 0] = cv2.resize(
            np.asarray(masks[index]), (size, size), interpolation=cv2.INTER_NEAREST_EXACT
        )
    arrays.flush()
    targets.flush()
    height, width = images.shape[1:]
    (out / "native.json").write_text(json.dumps({"height": height, "width": width}) + "\n")


def resize_tile(channel: Bytes, size: int) -> Bytes:
    """Resize one channel, (H, W) uint8, to (size, size) uint8."""
    shrinks = size < min(channel.shape)
    how = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    resized = cv2.resize(np.ascontiguousarray(channel), (size, size), interpolation=how)
    return resized.astype(np.uint8, copy=False)
