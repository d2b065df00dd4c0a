"""Small contestants, their comparison, and tiles that they see differently, made by hand."""

from dataclasses import replace

import cv2
import numpy as np
import pandas as pd

from saltseg.comparison.disputed_tile import DisputedTile
from saltseg.comparison.networks import (
    Comparison,
    Contestant,
    Cost,
    Difference,
)
from saltseg.comparison.posterior import Interval, Posterior
from saltseg.scoring.scores import TILE_SCORES
from saltseg.tiles.masks import UNLABELLED

LONG = "resnet50 undrafted-jacklig"
COST = Cost(parameters=24_972_225, gflops=0.2217, epoch_seconds=1.94, peak_memory_mib=1843.2)
UNKNOWN = Cost(parameters=17_000_000, gflops=1.5)


def contestant(label: str, skill: float = 0.0, folds: int = 3, cost: Cost = COST) -> Contestant:
    """A network that scores the better the higher `skill`, on 40 tiles a fold."""
    random = np.random.default_rng(7)
    coverage = np.tile(np.r_[np.zeros(16), np.linspace(0.02, 1, 24)], folds)
    iou = np.where(coverage == 0, random.integers(0, 2, len(coverage)), 0.4 + 0.4 * coverage)
    iou = np.clip(iou + skill * (coverage > 0) + random.normal(0, 0.03, len(coverage)), 0, 1)
    tiles = pd.DataFrame(
        {
            "id": [f"tile{n:03}" for n in range(len(coverage))],
            "fold": np.repeat(np.arange(folds), 40),
            "coverage_class": np.ceil(coverage * 10).astype(int),
            "coverage": coverage,
            "iou": iou,
            "map_iou": np.clip(np.ceil(20 * iou - 10), 0, 10) / 10,
            "dice": 2 * iou / (1 + iou),
        }
    )
    tiles = tiles.assign(**{one.name: iou for one in TILE_SCORES if one.name not in tiles})
    epochs = [(fold, epoch) for fold in range(folds) for epoch in range(1, 11 - fold)]
    curves = pd.DataFrame(epochs, columns=["fold", "epoch"])
    rise = (0.5 + skill) * (1 - np.exp(-curves["epoch"] / 4)) + 0.03 * curves["fold"]
    names = ("loss", "iou", "map_iou", "val_loss", "val_iou", "val_map_iou")
    return Contestant(label, tiles, curves.assign(**dict.fromkeys(names, rise)), 5, cost)


def with_holdout(one: Contestant) -> Contestant:
    """As if the first 30 of its tiles were a hold-out besides."""
    tiles = one.tiles.head(30)
    return replace(one, holdout=tiles.assign(id="h" + tiles["id"], fold=-1))


def uneven(one: Contestant) -> Contestant:
    """As if it were better in one fold and worse in the next."""
    move = np.where(one.tiles["fold"] % 2, 0.1, -0.05)
    return replace(one, tiles=one.tiles.assign(map_iou=one.tiles["map_iou"] + move))


def comparison(first: Contestant, second: Contestant) -> Comparison:
    """Means as they are, intervals of a made-up width."""
    differences = tuple(_difference(first, second, score.name) for score in TILE_SCORES)
    scores = first.tiles[["coverage_class"]].assign(
        first=first.tiles["map_iou"], second=second.tiles["map_iou"]
    )
    grouped = scores.groupby("coverage_class")
    classes = grouped[["first", "second"]].mean().reset_index()
    classes.insert(1, "tiles", grouped.size().to_numpy())
    classes["difference"] = classes["first"] - classes["second"]
    classes["low"], classes["high"] = classes["difference"] - 0.1, classes["difference"] + 0.1
    verdict = f"{first.label} and {second.label} differ by {differences[0].mean:+.3f} map_iou."
    return Comparison(first.label, second.label, 0.95, 0.01, differences, classes, verdict)


def _difference(first: Contestant, second: Contestant, score: str) -> Difference:
    one, other = (side.tiles.groupby("fold")[score].mean() for side in (first, second))
    by_fold = one - other
    mean, several = float(by_fold.mean()), len(by_fold) > 1
    posterior = Posterior(mean, 0.02, len(by_fold) - 1) if several else None
    return Difference(
        score=score,
        first=float(one.mean()),
        second=float(other.mean()),
        mean=mean,
        by_fold=by_fold,
        tiles=Interval(mean - 0.02, mean + 0.03),
        folds=Interval(mean - 0.06, mean + 0.06) if several else None,
        p_value=0.0412 if several else None,
        chances=posterior and posterior.chances(0.01),
        posterior=posterior,
    )


def disputed(contestants: int = 2, count: int = 3, size: int = 41) -> list[DisputedTile]:
    """Discs that each network places a little elsewhere, some more surely than others."""
    return [_tile(number, contestants, size) for number in range(count)]


def _tile(number: int, contestants: int, size: int) -> DisputedTile:
    random = np.random.default_rng(number)
    middle, radius = size // 2, size // 4 + number
    # The second tile holds no salt: empty against empty scores 1.
    mask = disc(size, middle, radius) if number != 1 else np.zeros((size, size), np.uint8)
    if number == 2:  # nobody has labelled its left
        mask[:, : size // 3] = UNLABELLED
    guesses = []
    for place in range(contestants):
        sure = disc(size, middle + 2 * place + 1, radius).astype(np.float32)
        soft = cv2.GaussianBlur(sure, (0, 0), 2 + place)
        guesses.append((soft * (215 - 60 * number)).astype(np.uint8))
    image = random.integers(0, 256, mask.shape, np.uint8)
    return DisputedTile(f"tile{number:03}", number, image, mask, tuple(guesses))


def disc(size: int, x: int, radius: int) -> np.ndarray:
    """(size, size) uint8, 1 inside the disc."""
    mask = np.zeros((size, size), np.uint8)
    cv2.circle(mask, (x, size // 2), radius, 1, thickness=-1)
    return mask
