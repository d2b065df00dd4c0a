"""Which measure of uncertainty tells the wrong pixels better, and how sure that is."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from saltseg.errors import DataError
from saltseg.tiles.masks import SALT, labelled
from saltseg.uncertainty.measures import ambiguity, deviation
from saltseg.uncertainty.sparsification import Ranked, Sparsification, ause, rank, sparsify

Floats = NDArray[np.floating]


@dataclass(frozen=True)
class Judgement:
    """Uncertainty against error, of tiles that no network has seen.

    Attributes:
        tiles: How many.
        pixels: How many, all tiles together.
        error: Share of the pixels that the mean of the predictions has wrong; AUSE of a random
            order is less by the area under the oracle's curve.
        deviation: Of the standard deviation over predictions.
        ambiguity: Of the mean's distance from even.
        difference: AUSE of the deviation minus that of the ambiguity: above 0 where the ambiguity
            is better.
        interval: Its 95 % interval over tiles; NaN where there is nothing to draw from.
    """

    tiles: int
    pixels: int
    error: float
    deviation: Sparsification
    ambiguity: Sparsification
    difference: float
    interval: tuple[float, float]


def judge(
    each: Sequence[Floats],
    mean: Floats,
    masks: NDArray[np.uint8],
    threshold: float,
    groups: ArrayLike | None = None,
) -> Judgement:
    """Hold two measures of uncertainty against what the mean prediction has wrong.

    Args:
        each: Probabilities, (N, H, W) each, of every network and way of predicting.
        mean: The prediction that is scored, (N, H, W).
        masks: True masks, (N, H, W), values as in `tiles.masks`; unlabelled pixels do not count.
        threshold: Probability above which a pixel counts as salt.
        groups: The mosaic of each tile, (N,); mosaics are drawn whole for the interval.

    Raises:
        DataError: There is no tile, or no pixel is wrong, or all are.
    """
    known = labelled(masks)
    wrong = ((mean > threshold) != (masks == SALT)) & known
    pixels = int(known.sum())
    share = float(wrong.sum() / pixels) if pixels else 0.0
    if not 0 < share < 1:
        raise DataError(
            f"{int(wrong.sum())} of {pixels} pixels are wrong: no order of them is better than"
            " another; take a run whose hold-out has some of both"
        )
    spread = np.empty(mean.shape, np.float32)
    for tile in range(len(mean)):
        spread[tile] = deviation([one[tile] for one in each])
    by_spread, by_mean = (rank(one, wrong, known) for one in (spread, ambiguity(mean)))
    first, second = sparsify(by_spread), sparsify(by_mean)
    return Judgement(
        tiles=len(mean),
        pixels=pixels,
        error=share,
        deviation=first,
        ambiguity=second,
        difference=first.ause - second.ause,
        interval=_interval(by_spread, by_mean, groups),
    )


def _interval(
    first: Ranked, second: Ranked, groups: ArrayLike | None, draws: int = 2000, seed: int = 1337
) -> tuple[float, float]:
    """Percentile bootstrap of the difference in AUSE, tiles (or mosaics) drawn with both measures.

    The groups of uncertainty stay those of all tiles.
    """
    tiles = len(first.pixels)
    own = pd.factorize(np.arange(tiles) if groups is None else np.asarray(groups))[0]
    count = int(own.max()) + 1
    if count < 2:
        return float("nan"), float("nan")
    drawn = np.random.default_rng(seed).multinomial(count, np.full(count, 1 / count), draws)
    weights = drawn[:, own].astype(float)
    found = [ause(weights @ one.pixels, weights @ one.wrong) for one in (first, second)]
    low, high = np.quantile(found[0] - found[1], [0.025, 0.975])
    return float(low), float(high)
