"""An earth model with salt, and the seismic section that would be recorded over it."""

import math

import cv2
import numpy as np
from scipy import ndimage

from saltseg.array_types import Bytes
from saltseg.tiles.synthetic.recipe import Recipe
from saltseg.tiles.synthetic.salt import Grid, grow_salt, smooth_field


def make_section(recipe: Recipe, free: int, rng: np.random.Generator) -> tuple[Grid, Bytes]:
    """Invent one section: salt bodies first, then the layers around them, then the recording.

    Args:
        recipe: Settings; the section is (rows * tile, columns * tile) = (H, W) pixels.
        free: How many of the section's tiles hold no salt.
        rng: Source of every choice.

    Returns:
        The seismic section, (H, W) float64, amplitudes around zero without unit; and the salt in
        it, (H, W) uint8, 1 = salt.
    """
    salt, distance = grow_salt(recipe, free, rng)
    frequency = math.exp(rng.uniform(*np.log(recipe.wavelet.frequency)))
    layers = _layers(recipe, frequency, distance, rng)
    # A mask has no half pixels; without a slight blur its stairs would ring along the flanks.
    share = np.asarray(cv2.GaussianBlur(salt.astype(np.float64), (0, 0), 0.8), np.float64)
    impedance = layers * (1 - share) + rng.uniform(*recipe.salt.contrast) * share
    reflections = _reflections(impedance, frequency, recipe.wavelet.deep)
    patches = 1 / (1 + np.exp(-3 * smooth_field(rng, salt.shape, 0.9 * recipe.section.tile)))
    reflections *= 1 - recipe.sediment.dimming * (1 - share) * patches
    down = np.linspace(0, 1, len(salt))[:, None]
    reflections *= np.exp(-recipe.sediment.decay * down)
    return reflections + _noise(recipe, frequency, share, reflections, rng), salt


def _layers(recipe: Recipe, frequency: float, distance: Grid, rng: np.random.Generator) -> Grid:
    """Log impedance of the sediments, (H, W), around zero: flat layers read at bent heights."""
    settings, (height, width) = recipe.sediment, distance.shape
    y, x = np.mgrid[:height, :width].astype(np.float64)
    # `level` is the height that a point's layer had when it was laid down flat.
    level = y + rng.uniform(-settings.dip, settings.dip) * (x - width / 2)
    bends = smooth_field(rng, distance.shape, 1.4 * recipe.section.tile)
    level += rng.uniform(*settings.fold) * bends
    level += rng.uniform(*settings.uplift) * np.exp(-distance / rng.uniform(*settings.reach))
    for _ in range(rng.integers(*settings.faults, endpoint=True)):
        plane = x - rng.uniform(0, width) - rng.uniform(-0.7, 0.7) * (y - height / 2)
        level += rng.uniform(*settings.throw) * rng.choice([-1, 1]) * (np.tanh(plane / 1.5) / 2)
    step = 0.25
    heights = np.arange(level.min() - 1, level.max() + 1, step)
    thickness = rng.uniform(*settings.layer) / frequency
    # Poisson layering: a new layer starts at every point with the same small chance.
    starts = rng.random(len(heights)) < step / thickness
    values = rng.normal(0, settings.contrast, starts.sum() + 1)[np.cumsum(starts)]
    column = ndimage.gaussian_filter1d(values, 0.6 / step)
    impedance: Grid = np.interp(level, heights, column)
    return impedance


def _reflections(impedance: Grid, frequency: float, deep: float) -> Grid:
    """Convolve reflectivity with a Ricker wavelet, down every column.

    Reflectivity is half the vertical derivative of log impedance, and a Ricker wavelet is the
    negative second derivative of a Gaussian, so one third derivative does both (Ricker 1953,
    "The form and laws of propagation of seismic wavelets").

    Args:
        impedance: Log impedance, (H, W) float64.
        frequency: Peak frequency at the top row, cycles per pixel.
        deep: Peak frequency at the bottom row, fraction of `frequency`.

    Returns:
        (H, W) float64.
    """
    down = np.linspace(0, 1, len(impedance))[:, None]
    traces = np.zeros_like(impedance)
    for peak, weight in ((frequency, 1 - down), (frequency * deep, down)):
        sigma = 1 / (math.sqrt(2) * math.pi * peak)
        ricker = ndimage.gaussian_filter1d(impedance, sigma, axis=0, order=3)
        # Scaled so that a sharp contrast is as bright at every frequency.
        traces -= weight * sigma**3 * ricker
    # A migrated image is no sharper across than this.
    blurred: Grid = ndimage.gaussian_filter1d(traces, 0.8, axis=1)
    return blurred


def _noise(
    recipe: Recipe,
    frequency: float,
    share: Grid,
    reflections: Grid,
    rng: np.random.Generator,
) -> Grid:
    """Noise in the wavelet's band with a slanted grain, weaker in salt; and some of single pixels.

    Args:
        recipe: Settings.
        frequency: Peak frequency of the wavelet at the surface, cycles per pixel.
        share: Part of each pixel that is salt, (H, W) float64, 0 to 1.
        reflections: (H, W) float64; the noise is measured against their spread outside salt.
        rng: Source of every choice.

    Returns:
        (H, W) float64.
    """
    height, width = share.shape
    sigma = 1 / (math.sqrt(2) * math.pi * frequency)
    white = rng.standard_normal(share.shape)
    band = ndimage.gaussian_filter1d(white, 0.8 * sigma, axis=0, order=2)
    band = ndimage.gaussian_filter1d(band, rng.uniform(0.5, 1.6) * sigma, axis=1)
    slope = rng.uniform(-recipe.noise.shear, recipe.noise.shear)
    shear = np.array([[1, 0, 0], [slope, 1, -slope * width / 2]])
    band = cv2.warpAffine(band, shear, (width, height), borderMode=cv2.BORDER_REFLECT)
    strength = reflections[share < 0.5].std() if (share < 0.5).any() else reflections.std()
    level = rng.uniform(*recipe.noise.level) * (
        1 - share + share * rng.uniform(*recipe.salt.inside)
    )
    noise: Grid = strength * (level * band / band.std() + recipe.noise.white * white)
    return noise
