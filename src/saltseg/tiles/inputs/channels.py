"""The channel registry: what a network sees of a tile besides its grey levels."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import pandas as pd

from saltseg.array_types import Bytes
from saltseg.errors import DataError
from saltseg.params import Preprocess
from saltseg.tiles.inputs.fitting import fit_channel
from saltseg.tiles.inputs.processed import Kind


class Channel(NamedTuple):
    """One channel of the network's input.

    Attributes:
        make: (H, W) uint8 grey levels and relative seismic depth (0 to 1) -> (H, W) uint8.
        kind: How it follows an augmented tile.
    """

    make: Callable[[Bytes, float], Bytes]
    kind: Kind


def intensity(image: Bytes, relative_z: float) -> Bytes:
    """The grey levels as they are."""
    return image


def depth_ramp(image: Bytes, relative_z: float) -> Bytes:
    """The position below the tile's upper edge: 0 in the first row, 255 in the last."""
    height, width = image.shape
    ramp = np.rint(255 * np.arange(height) / max(height - 1, 1)).astype(np.uint8)
    return np.broadcast_to(ramp[:, None], (height, width))


def gradient(image: Bytes, relative_z: float) -> Bytes:
    """|dx| + |dy|, absolute differences to the next pixel, clipped at 255.

    The last column and row repeat the difference before them.
    """
    grey = image.astype(np.int16)
    dx = np.abs(np.diff(grey, axis=1))
    dy = np.abs(np.diff(grey, axis=0))
    total = np.pad(dx, ((0, 0), (0, 1)), mode="edge") + np.pad(dy, ((0, 1), (0, 0)), mode="edge")
    clipped: Bytes = np.minimum(total, 255).astype(np.uint8)
    return clipped


def survey_depth(image: Bytes, relative_z: float) -> Bytes:
    """The tile's seismic depth z, one value for all pixels: 0 the shallowest, 255 the deepest."""
    return np.full(image.shape, round(255 * relative_z), np.uint8)


CHANNELS = {
    "intensity": Channel(intensity, "grey"),
    "depth_ramp": Channel(depth_ramp, "position"),
    "gradient": Channel(gradient, "gradient"),
    "survey_depth": Channel(survey_depth, "position"),
}
"""Channels by name; a new one is named in `params.Channel` too."""


def depth_range(tiles: pd.DataFrame, channels: Sequence[str]) -> tuple[float, float] | None:
    """Seismic depth of the shallowest and of the deepest tile of a survey.

    Args:
        tiles: Columns `id` and `z`.
        channels: The channels wanted; only `survey_depth` needs z.

    Returns:
        None where no channel needs z.

    Raises:
        DataError: `survey_depth` is wanted and a tile has no z.
    """
    if "survey_depth" not in channels:
        return None
    z = tiles["z"].to_numpy(dtype=np.float64)
    if len(missing := tiles["id"][np.isnan(z)]):
        raise DataError(
            f"preprocess.channels: survey_depth needs z of every tile, but {len(missing)} have "
            f"none (first: {missing.iloc[0]}); add them to depths.csv or leave the channel out"
        )
    return float(z.min()), float(z.max())


def network_input(image: Bytes, relative_z: float, options: Preprocess) -> Bytes:
    """What a network sees of a tile: its channels, made at native size and then fitted.

    Args:
        image: Grey levels, (H, W) uint8.
        relative_z: Seismic depth, 0 the shallowest of the survey, 1 the deepest.
        options: Names of C channels, side S, and how a tile comes to it.

    Returns:
        (S, S, C) uint8.
    """
    made = np.empty((options.side, options.side, len(options.channels)), np.uint8)
    for channel, name in enumerate(options.channels):
        made[:, :, channel] = fit_channel(CHANNELS[name].make(image, relative_z), options)
    return made
