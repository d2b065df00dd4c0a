"""Whether the uncertain pixels are the wrong ones: pixels are left out, the most uncertain first.

The error rate of what remains falls the faster, the better the uncertainty is (sparsification, or
risk against coverage). The best order of all leaves out the wrong pixels first (the oracle); a
random order changes nothing. The area between a curve and the oracle's is AUSE, the area under the
sparsification error: E. Ilg et al., "Uncertainty estimates and multi-hypotheses networks for
optical flow", ECCV 2018, arXiv:1802.07095.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from saltseg.uncertainty.measures import MOST

_LEVELS = 2**15
"""Steps from 0 to 0.5 in which uncertainty is told apart: about those of a PNG of 16 bits."""
_GROUPS = 1000
"""Groups of pixels of about the same uncertainty that are left out one after the other."""

Counts = NDArray[np.float64]
"""(..., groups), the most uncertain group first."""


class Ranked(NamedTuple):
    """Pixels by uncertainty, tile by tile.

    Attributes:
        pixels: How many of each group, (tiles, groups); those of a group are equally uncertain.
        wrong: How many of these are predicted wrong.
    """

    pixels: Counts
    wrong: Counts


@dataclass(frozen=True)
class Sparsification:
    """What becomes of the error rate.

    Attributes:
        left_out: Shares of pixels that are left out, from 0 to below 1.
        error: Error rate of all others.
        ause: Area between this curve and the oracle's, 0 = as good as that.
        of_random: The same, where that of a random order is 1.
    """

    left_out: NDArray[np.float64]
    error: NDArray[np.float64]
    ause: float
    of_random: float

    def error_at(self, share: ArrayLike) -> NDArray[np.float64]:
        """Error rate of the rest where a share of the pixels, 0 to below 1, is left out."""
        remaining = 1 - np.asarray(share, float)
        ends = np.append(self.left_out, 1)
        errors = np.append(self.error * (1 - self.left_out), 0)
        return np.asarray(np.interp(1 - remaining, ends, errors) / remaining)


def rank(
    uncertainty: NDArray[np.floating],
    wrong: NDArray[np.bool_],
    known: NDArray[np.bool_] | None = None,
) -> Ranked:
    """Sort pixels by uncertainty.

    Args:
        uncertainty: (N, H, W), 0 to 0.5.
        wrong: (N, H, W).
        known: Which pixels count, (N, H, W); None = all.
    """
    known = np.ones_like(wrong) if known is None else known
    tiles = len(wrong)
    levels = np.rint(uncertainty.reshape(tiles, -1) * (_LEVELS / MOST)).astype(np.int64)
    levels = _LEVELS - levels
    counts = np.bincount(levels[known.reshape(tiles, -1)], minlength=_LEVELS + 1)
    # A level stays whole; many rare ones make one group.
    before = np.cumsum(counts) - counts
    group = np.zeros(_LEVELS + 1, np.int64)
    there = counts > 0
    _, group[there] = np.unique(before[there] * _GROUPS // counts.sum(), return_inverse=True)
    places = group[levels]
    groups = int(group.max()) + 1
    pixels, errors = np.zeros((2, tiles, groups))
    for tile, own in enumerate(places):
        pixels[tile] = np.bincount(own, known[tile].ravel(), minlength=groups)
        errors[tile] = np.bincount(own, wrong[tile].ravel(), minlength=groups)
    return Ranked(pixels, errors)


def sparsify(ranked: Ranked) -> Sparsification:
    """The curve of all tiles together.

    Args:
        ranked: Pixels, some of which are wrong.
    """
    pixels, wrong = ranked.pixels.sum(axis=0), ranked.wrong.sum(axis=0)
    remaining, errors = _remaining(pixels), _remaining(wrong)
    found, rate = float(ause(pixels, wrong)), float(wrong.sum() / pixels.sum())
    return Sparsification(
        left_out=1 - remaining[:-1] / pixels.sum(),
        error=errors[:-1] / remaining[:-1],
        ause=found,
        of_random=found / float(rate - _oracle_area(np.array(rate))),
    )


def ause(pixels: Counts, wrong: Counts) -> NDArray[np.float64]:
    """Area between a curve and the oracle's, over the share of pixels left out, exactly.

    Within a group pixels are left out in random order, so that its errors go evenly: a share t of
    the pixels remains, of all pixels k + s t are wrong among these, and the area under
    (k + s t) / t adds up to the error rate of all pixels and k ln(t before / t after) for each
    group.

    Args:
        pixels: Of each group, (..., groups), none empty in all.
        wrong: Of these, (..., groups).

    Returns:
        (...), 0 to below 1.
    """
    total = pixels.sum(axis=-1, keepdims=True)
    t, errors = _remaining(pixels) / total, _remaining(wrong) / total
    slope = np.divide(wrong, pixels, out=np.zeros_like(wrong), where=pixels > 0)
    k = errors[..., :-1] - slope * t[..., :-1]
    # Of the last group all errors go with the pixels: k is 0.
    inner = (t[..., 1:] > 0) & (pixels > 0)
    logs = np.log(np.divide(t[..., :-1], t[..., 1:], out=np.ones_like(k), where=inner))
    rate = errors[..., 0]
    area: NDArray[np.float64] = rate + (k * logs).sum(axis=-1) - _oracle_area(rate)
    return area


def oracle_curve(left_out: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """Error rate of the rest where wrong pixels are left out first.

    Args:
        left_out: Shares of pixels, 0 to below 1.
        rate: Error rate of all pixels.
    """
    return np.maximum(0, rate - left_out) / (1 - left_out)


def _oracle_area(rate: NDArray[np.float64]) -> NDArray[np.float64]:
    """Area under `oracle_curve`."""
    area: NDArray[np.float64] = rate + (1 - rate) * np.log1p(-np.minimum(rate, 1 - 1e-12))
    return area


def _remaining(counts: Counts) -> Counts:
    """How many remain before each group, and after the last one, (..., groups + 1)."""
    left = np.cumsum(counts[..., ::-1], axis=-1)[..., ::-1]
    return np.concatenate([left, np.zeros_like(left[..., :1])], axis=-1)
