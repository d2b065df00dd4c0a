"""What an evaluation of many tiles takes, beside the loops that one would write first.

    python -m benchmarks.evaluate --tiles 22000

Three parts: the scores of each tile, beside a loop over tiles and thresholds; the choices of
threshold and post-processing, beside one choice after another; and the interval over tiles of a
comparison, in seconds. The loops run over some hundred tiles, in turn with ours, and the ratio is
of the time a tile.
"""

import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import cv2
import numpy as np
import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from scipy import ndimage

from saltseg.comparison.paired import bootstrap_interval
from saltseg.params import load_params
from saltseg.scoring.choices import Choice, all_choices, score_choices
from saltseg.scoring.competition import IOU_THRESHOLDS
from saltseg.scoring.scores import count_pixels, tile_scores

ROOT = Path(__file__).parents[1]
SIDE = 101
Tiles = tuple[np.ndarray, np.ndarray]


def make_tiles(count: int) -> Tiles:
    """Masks (N, H, W) uint8 and probabilities float16 that resemble them, blurred noise both."""
    draw = np.random.default_rng(0)
    masks = np.empty((count, SIDE, SIDE), np.uint8)
    probabilities = np.empty((count, SIDE, SIDE), np.float16)
    for tile in range(count):
        noise = cv2.GaussianBlur(draw.normal(size=(2, SIDE, SIDE)), (0, 0), draw.uniform(3, 20))
        true, error = noise / noise.std()
        logits = 4 * (true - draw.uniform(-0.5, 2.5))
        masks[tile] = logits > 0
        probabilities[tile] = 1 / (1 + np.exp(-(logits + 2 * error)))
    return masks, probabilities


def looped_scores(masks: np.ndarray, probabilities: np.ndarray) -> list[float]:
    """The competition metric, tile by tile and threshold by threshold."""
    found = []
    for mask, probability in zip(masks, probabilities, strict=True):
        truth, salt = mask > 0, probability > 0.5
        union = np.logical_or(truth, salt).sum()
        iou = np.logical_and(truth, salt).sum() / union if union else 1.0
        found.append(float(np.mean([iou > threshold for threshold in IOU_THRESHOLDS])))
    return found


def looped_choices(
    masks: np.ndarray, probabilities: np.ndarray, choices: list[Choice]
) -> np.ndarray:
    """One choice after another."""
    found = []
    for choice in choices:
        salt = probabilities > choice.threshold
        for tile in salt:
            labels, count = ndimage.label(tile, np.ones((3, 3)))
            small = np.flatnonzero(np.bincount(labels.ravel(), minlength=count) < choice.region)
            tile[np.isin(labels, small)] = False
            if tile.sum() < choice.mask:
                tile[:] = False
        found.append(tile_scores(count_pixels(masks, salt))["map_iou"].to_numpy())
    return np.array(found)


def timed(compute: Callable[..., object], *tiles: object) -> float:
    """Seconds of a call."""
    began = time.perf_counter()
    compute(*tiles)
    return time.perf_counter() - began


def main(
    tiles: Annotated[int, typer.Option(min=200, help="How many.")] = 4000,
    looped: Annotated[int, typer.Option(min=10, help="Of them for the loops.")] = 100,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of the loops.")] = 3,
) -> None:
    """Print seconds and ratios."""
    evaluate = load_params(ROOT / "params.yaml").evaluate
    choices = all_choices(evaluate.choices, evaluate.threshold)
    every = make_tiles(tiles)
    few = every[0][:looped], every[1][:looped]
    parts: dict[str, tuple[Callable[[Tiles], object], Callable[[Tiles], object]]] = {
        "scores of each tile": (
            lambda t: tile_scores(count_pixels(t[0], t[1] > 0.5)),
            lambda t: looped_scores(*t),
        ),
        f"{len(choices)} choices": (
            lambda t: score_choices(*t, choices),
            lambda t: looped_choices(*t, choices),
        ),
    }
    table = Table("", "seconds", "loop / ours", title=f"{tiles} tiles", box=SIMPLE)
    for name, (ours, loop) in parts.items():
        took = [(timed(ours, every), timed(loop, few)) for _ in range(rounds)]
        ratio = statistics.median(slow / looped / (quick / tiles) for quick, slow in took)
        table.add_row(name, f"{statistics.median(q for q, _ in took):.1f}", f"{ratio:.1f}")
    draw = np.random.default_rng(0)
    differences, folds = draw.normal(size=tiles), np.arange(tiles) % 5
    seconds = timed(lambda: bootstrap_interval(differences, folds, level=0.95))
    table.add_row("interval over tiles", f"{seconds:.1f}", "")
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
