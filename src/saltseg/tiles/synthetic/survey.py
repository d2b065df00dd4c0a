"""A seeded synthetic survey: tiles cut from invented seismic sections, with their salt masks."""

import numpy as np
import pandas as pd
from rich.console import Console
from rich.progress import track

from saltseg.array_types import Bytes
from saltseg.tiles.masks import coverage_of
from saltseg.tiles.survey import Survey
from saltseg.tiles.synthetic.cutting import Cut, cut_section
from saltseg.tiles.synthetic.recipe import Recipe, read_recipe

__all__ = ["Recipe", "grey_threshold_iou", "read_recipe", "synthetic_survey"]


def synthetic_survey(recipe: Recipe) -> tuple[Survey, pd.DataFrame]:
    """Make the survey that a recipe describes; the same recipe gives the same bytes.

    The share of tiles without salt holds by construction, to a point or two: in each section, all
    bodies are grown or shrunk by one distance until the wanted number of its tiles is free of salt
    (that number carries its rounding from section to section), and the tiles that stay unlabelled
    are drawn at random, but in proportion from those with and those without salt.

    Each section has a seed of its own: with the same ratio of `tiles` to `unlabelled`, a larger
    survey starts with the tiles of a smaller one (save for the smaller one's last section).

    Args:
        recipe: The settings, see `data/synthetic.yaml`.

    Returns:
        The survey, tiles in the order of their sections; and a table with one row per tile,
        labelled or not: `id` (10 hexadecimal digits), `section`, `row` and `column` (all from 0).
        Tiles of a section whose row or column differs by one are neighbours without gap.
    """
    images, masks, rows = [], [], []
    cuts = _cuts(recipe)
    seeds = np.random.SeedSequence(recipe.seed).spawn(len(cuts))
    console = Console(stderr=True)
    progress = track(
        cuts,
        "synthetic sections",
        console=console,
        transient=True,
        disable=not console.is_terminal,
    )
    for cut, seed in zip(progress, seeds, strict=True):
        section_images, section_masks, section_rows = cut_section(recipe, cut, seed)
        images.append(section_images)
        masks.append(section_masks)
        rows.append(section_rows)
    return _survey(np.concatenate(images), np.concatenate(masks), pd.concat(rows))


def _survey(images: Bytes, masks: Bytes, table: pd.DataFrame) -> tuple[Survey, pd.DataFrame]:
    """Part labelled from unlabelled tiles; arrays (N, H, W), `table` a row per tile."""
    labelled = table["labelled"].to_numpy(dtype=bool)
    tiles = table.loc[labelled, ["id", "z"]].reset_index(drop=True)
    tiles["coverage"] = coverage_of(masks[labelled])
    survey = Survey(
        images=images[labelled],
        masks=masks[labelled],
        tiles=tiles,
        unlabelled=images[~labelled],
        unlabelled_tiles=table.loc[~labelled, ["id", "z"]].reset_index(drop=True),
    )
    return survey, table[["id", "section", "row", "column"]].reset_index(drop=True)


def _cuts(recipe: Recipe) -> list[Cut]:
    """Spread tiles, labels and salt-free tiles evenly over as many sections as are needed."""
    size = recipe.section.rows * recipe.section.columns
    total = recipe.tiles + recipe.unlabelled
    sections = -(-total // size)
    # Rounding running totals, not single sections, keeps the sums within one tile of the recipe.
    ends = np.arange(sections + 1) * size
    kept = np.minimum(ends, total)
    free = np.diff(np.rint(recipe.salt.free * ends))
    labelled = np.diff(np.rint(recipe.tiles / total * kept))
    keep = np.diff(kept)
    return [
        Cut(index, int(free[index]), int(keep[index]), int(labelled[index]))
        for index in range(sections)
    ]


def grey_threshold_iou(images: Bytes, masks: Bytes) -> float:
    """How well the best single grey level finds the salt, a yardstick of how easy a survey is.

    Every rule "salt where grey >= t" and "salt where grey <= t" is tried on all pixels together;
    calling everything salt is among them, so the result is never below the salt's share of pixels.

    Args:
        images: (N, H, W) uint8.
        masks: (N, H, W) uint8, 0 or 1.

    Returns:
        The best intersection over union of all pixels pooled, 0 to 1; 0 where there is no salt.
    """
    salt = np.bincount(images[masks == 1], minlength=256)
    other = np.bincount(images[masks == 0], minlength=256)
    ious = [
        np.cumsum(hits) / np.maximum(salt.sum() + np.cumsum(false_alarms), 1)
        for hits, false_alarms in ((salt, other), (salt[::-1], other[::-1]))
    ]
    return float(np.max(ious))
