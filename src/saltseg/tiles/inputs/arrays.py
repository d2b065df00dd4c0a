"""The array cache: channels of all tiles, resized, in `.npy` files written through memory maps."""

import os
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray
from rich.progress import track

from saltseg.errors import DataError
from saltseg.params import Preprocess
from saltseg.tiles.inputs.channels import CHANNELS, depth_range, network_input
from saltseg.tiles.inputs.fitting import fit_mask
from saltseg.tiles.inputs.native import Native
from saltseg.tiles.inputs.processed import write_kinds
from saltseg.tiles.survey import read_array, read_labelled

_BLOCK = 64


def write_arrays(survey: Path, out: Path, options: Preprocess) -> None:
    """Turn a survey into network input, tile by tile, so that memory does not grow with it.

    Masks take the nearest pixel.

    Args:
        survey: Folder written by `save_survey`.
        out: Folder for `images.npy` (N, S, S, C) and `masks.npy` (N, S, S, 1), both uint8,
            `channels.json`, the kinds of the channels, and `native.json`, the tiles before.
        options: Side S, channels, and how a tile comes to that side.

    Raises:
        DataError: The survey cannot be read, a tile lacks what a channel needs, or is to be padded
            and is larger than the input.
        OSError: The disk has no room for the arrays.
    """
    tiles, images, _ = read_labelled(survey)
    count, height, width = images.shape
    if options.fit == "pad" and max(height, width) > options.side:
        raise DataError(
            f"preprocess.side: {options.side} is less than the {height} x {width} pixels of the"
            " tiles, which are to be padded; raise it, or set preprocess.fit to resize"
        )
    depths = depth_range(tiles, options.channels)
    native = Native(height=height, width=width, depths=depths)
    relative = native.relative(tiles["z"].to_numpy(np.float64))
    out.mkdir(parents=True, exist_ok=True)
    shape = (count, options.side, options.side)
    _allocate(out / "images.npy", (*shape, len(options.channels)))
    _allocate(out / "masks.npy", (*shape, 1))
    for start in track(range(0, count, _BLOCK), description="channels"):
        _write_block(survey, out, options, relative, slice(start, min(start + _BLOCK, count)))
    write_kinds([CHANNELS[name].kind for name in options.channels], out)
    (out / "native.json").write_text(native.model_dump_json() + "\n")


def _allocate(path: Path, shape: tuple[int, ...]) -> None:
    """Make an array file with all its room on the disk.

    To run out of it while writing through a memory map kills the process, without a word.
    """
    open_memmap(path, "w+", np.uint8, shape)
    if hasattr(os, "posix_fallocate"):
        with path.open("r+b") as file:
            os.posix_fallocate(file.fileno(), 0, path.stat().st_size)


def _write_block(
    survey: Path, out: Path, options: Preprocess, relative: NDArray[np.float64], block: slice
) -> None:
    """Write some tiles, through maps that are closed again: pages of a map stay in memory."""
    images, masks = read_array(survey / "images.npy"), read_array(survey / "masks.npy")
    arrays, targets = open_memmap(out / "images.npy", "r+"), open_memmap(out / "masks.npy", "r+")
    for index in range(block.start, block.stop):
        image = np.ascontiguousarray(images[index])
        arrays[index] = network_input(image, relative[index], options)
        targets[index, :, :, 0] = fit_mask(np.asarray(masks[index]), options)
