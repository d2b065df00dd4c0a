"""Tiles cut from one synthetic section: which ones, at which seismic depth, with which grey."""

import hashlib
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from saltseg.array_types import Bytes
from saltseg.tiles.masks import coverage_of
from saltseg.tiles.synthetic.geology import make_section
from saltseg.tiles.synthetic.recipe import Recipe

_Scalar = TypeVar("_Scalar", bound=np.generic)


@dataclass(frozen=True)
class Cut:
    """What is taken from one section: `keep` tiles, `labelled` of them with their masks.

    Attributes:
        index: Number of the section, from 0.
        free: How many of the section's tiles hold no salt.
        keep: How many of its tiles enter the survey.
        labelled: How many of those are labelled.
    """

    index: int
    free: int
    keep: int
    labelled: int


def cut_section(
    recipe: Recipe, cut: Cut, seed: np.random.SeedSequence
) -> tuple[Bytes, Bytes, pd.DataFrame]:
    """Make one section and cut its tiles, which share no pixels and leave no gap.

    Args:
        recipe: Settings.
        cut: What to take.
        seed: The section's own.

    Returns:
        Images and masks, both (`keep`, tile, tile) uint8, each image scaled on its own as in TGS;
        and a table with a row for each: `id`, `section`, `row`, `column`, `z`, `labelled`.
    """
    shape, rng = recipe.section, np.random.default_rng(seed)
    seismic, salt = make_section(recipe, cut.free, rng)
    top, bottom = shape.seismic_depth
    surface = rng.integers(top, bottom - (shape.rows - 1) * shape.tile_depth, endpoint=True)
    tiles, masks = _grid(seismic, shape.tile), _grid(salt, shape.tile)
    masks[masks.sum(axis=(1, 2)) < recipe.salt.smallest] = 0
    order = _fair_order(coverage_of(masks) > 0, rng)[: cut.keep]
    places = np.sort(order)
    row, column = np.divmod(places, shape.columns)
    table = pd.DataFrame(
        {
            "id": [_tile_id(recipe.seed, cut.index, int(place)) for place in places],
            "section": cut.index,
            "row": row,
            "column": column,
            "z": (surface + row * shape.tile_depth).astype(np.float64),
            "labelled": np.isin(places, order[: cut.labelled]),
        }
    )
    images = np.stack([_to_bytes(tiles[place], shape.clip) for place in places])
    return images, masks[places], table


def _grid(section: NDArray[_Scalar], side: int) -> NDArray[_Scalar]:
    """Cut (rows * side, columns * side) into (rows * columns, side, side), row by row."""
    rows, columns = section.shape[0] // side, section.shape[1] // side
    cut = section.reshape(rows, side, columns, side).swapaxes(1, 2)
    return cut.reshape(rows * columns, side, side)


def _fair_order(salty: NDArray[np.bool_], rng: np.random.Generator) -> NDArray[np.intp]:
    """Shuffle tiles so that every stretch of the order holds about the same share of salty ones.

    Args:
        salty: Whether a tile holds salt, (n,) bool.
        rng: Source of every choice.

    Returns:
        The numbers 0 to n - 1, (n,), in the new order.
    """
    rank = np.empty(len(salty))
    for group in (salty, ~salty):
        members = rng.permutation(np.flatnonzero(group))
        rank[members] = (np.arange(len(members)) + rng.random()) / max(len(members), 1)
    return np.argsort(rank)


def _to_bytes(amplitudes: NDArray[np.float64], clip: float) -> Bytes:
    """Scale one tile to 0..255 so that `clip` percent of its pixels saturate at either end."""
    low, high = np.percentile(amplitudes, [clip, 100 - clip])
    grey = (amplitudes - low) * (255 / max(high - low, np.finfo(np.float64).tiny))
    scaled: Bytes = np.rint(np.clip(grey, 0, 255)).astype(np.uint8)
    return scaled


def _tile_id(seed: int, section: int, place: int) -> str:
    return hashlib.blake2b(f"{seed}/{section}/{place}".encode(), digest_size=5).hexdigest()
