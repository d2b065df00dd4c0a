"""Salt bodies: irregular outlines, grown until the wanted share of tiles is free of salt."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from saltseg.array_types import Bytes
from saltseg.tiles.synthetic.recipe import Recipe, SectionRecipe

Grid = NDArray[np.float64]


def grow_salt(recipe: Recipe, free: int, rng: np.random.Generator) -> tuple[Bytes, Grid]:
    """Draw bodies, then grow or shrink them together until `free` tiles hold no salt.

    Args:
        recipe: Settings; the section is (rows * tile, columns * tile) = (H, W) pixels.
        free: How many of the section's tiles hold no salt.
        rng: Source of every choice.

    Returns:
        The salt, (H, W) uint8, 1 = salt; and the distance to it, (H, W) float64, pixels, 0 inside.
    """
    section, settings = recipe.section, recipe.salt
    seeds = np.zeros(section.shape, np.uint8)
    for _ in range(rng.integers(*settings.bodies, endpoint=True)):
        cv2.fillPoly(seeds, [_outline(recipe, rng)], [1])
    growth = ndimage.distance_transform_edt(seeds == 0) - ndimage.distance_transform_edt(seeds)
    jitter = rng.standard_normal(section.shape[1])
    jitter = ndimage.gaussian_filter1d(jitter, 2.0) + ndimage.gaussian_filter1d(jitter, 8.0)
    growth += rng.uniform(*settings.ragged) * jitter
    growth += 6 * smooth_field(rng, section.shape, 0.3 * section.tile)
    salt = (growth < _level(growth, section, free, settings.smallest)).astype(np.uint8)
    for value in (1, 0):
        salt[_specks(salt == value, settings.smallest)] = 1 - value
    return salt, ndimage.distance_transform_edt(salt == 0)


def _outline(recipe: Recipe, rng: np.random.Generator) -> NDArray[np.int32]:
    """Corners of one body, (90, 2) int32, x and y: an ellipse bent by random harmonics."""
    height, width = recipe.section.shape
    angle = np.linspace(0, 2 * np.pi, 90, endpoint=False)
    radius = np.ones_like(angle)
    for order in range(2, 8):
        size = recipe.salt.roughness * rng.standard_normal() / order
        radius += size * np.cos(order * angle + rng.uniform(0, 2 * np.pi))
    radius = np.maximum(radius, 0.2) * recipe.section.tile
    # Drawn on a log scale, so that tall diapirs, flat sheets and blobs are about as common.
    half_width = math.exp(rng.uniform(*np.log(recipe.salt.half_width)))
    half_height = math.exp(rng.uniform(*np.log(recipe.salt.half_height)))
    x = rng.uniform(0, width) + radius * half_width * np.cos(angle)
    y = height * rng.uniform(0.3, 1.1) + radius * half_height * np.sin(angle)
    return np.stack([x, y], axis=1).round().astype(np.int32)


def _level(growth: Grid, section: SectionRecipe, free: int, smallest: int) -> float:
    """The growth at which exactly `free` tiles hold fewer than `smallest` pixels of salt."""
    tiles = growth.reshape(section.rows, section.tile, section.columns, section.tile)
    pixels = tiles.swapaxes(1, 2).reshape(section.rows * section.columns, -1)
    smallest = min(smallest, pixels.shape[1])
    # Each tile gets its salt at its own growth; the outer ends let none or all of them have it.
    onsets = np.sort(np.partition(pixels, smallest - 1, axis=1)[:, smallest - 1])
    ends = np.concatenate([[onsets[0] - 2], onsets, [onsets[-1] + 2]])
    salty = len(onsets) - free
    return float(ends[salty : salty + 2].mean())


def _specks(region: NDArray[np.bool_], smallest: int) -> NDArray[np.bool_]:
    """The connected parts of a region, (H, W) bool, that have fewer than `smallest` pixels."""
    _, parts, sizes, _ = cv2.connectedComponentsWithStats(region.astype(np.uint8))
    specks: NDArray[np.bool_] = region & (sizes[parts, cv2.CC_STAT_AREA] < smallest)
    return specks


def smooth_field(rng: np.random.Generator, shape: tuple[int, ...], spacing: float) -> Grid:
    """A random field of unit spread at knots every `spacing` pixels, cubic in between."""
    height, width = shape
    knots = rng.standard_normal((int(height / spacing) + 3, int(width / spacing) + 3))
    field = cv2.resize(knots, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.asarray(field, np.float64)
