"""A comparison in one sentence, which says no more than the interval over folds allows."""

from decimal import ROUND_CEILING, Decimal

import numpy as np
from numpy.typing import NDArray

from saltseg.comparison.differences import Difference, HoldoutDifference
from saltseg.comparison.paired import Interval

_FEW_FOLDS = 3
"""Up to so many, the t interval rests on at most two degrees of freedom: weak evidence."""


def verdict_sentence(
    first: str,
    second: str,
    difference: Difference,
    tile_differences: NDArray[np.float64],
    level: float,
) -> str:
    """Say what is shown about map_iou, and how weak the evidence is.

    Args:
        first: Label.
        second: Label.
        difference: In map_iou, first minus second.
        tile_differences: The same of each tile, (N,).
        level: Confidence level of the intervals.
    """
    count, folds, over_folds = len(tile_differences), len(difference.by_fold), difference.folds
    found = f"{first} minus {second} in map_iou: {_number(difference.mean)}"
    weak = f"; {folds} fold{'s' * (folds > 1)}: weak evidence" if folds <= _FEW_FOLDS else ""
    if not tile_differences.any():
        return (
            f"{first} and {second} are identical in map_iou: "
            f"the difference is exactly zero on all {count} tiles{weak}."
        )
    if folds == 1:
        return (
            f"One fold shows how these two networks differ on its {count} tiles ({found}, "
            f"{_interval(difference.tiles, level, 'tiles')}), not how the backbones or settings "
            "behind them do, for which one fold is too weak a ground."
        )
    if over_folds is None or over_folds.low == over_folds.high:
        return f"No verdict: the {folds} folds all differ by the same amount ({found}{weak})."
    sure = f"{_interval(over_folds, level, 'folds')}{weak}"
    if over_folds.low <= 0 <= over_folds.high:
        return (
            f"Undecided: {first} may be {_range(over_folds)} than {second} in map_iou "
            f"(measured: {_number(difference.mean)}, {sure})."
        )
    better, worse = (first, second) if difference.mean > 0 else (second, first)
    if difference.mean < 0:
        sure = f"{_interval(Interval(-over_folds.high, -over_folds.low), level, 'folds')}{weak}"
    return (
        f"{better} scores higher than {worse} in map_iou: "
        f"by {_number(abs(difference.mean))} ({sure})."
    )


def holdout_sentence(difference: HoldoutDifference, level: float) -> str:
    """Say what the hold-out shows, of which nothing was chosen."""
    return (
        f"On the hold-out of {difference.count} tiles, all folds together, the difference is "
        f"{_number(difference.mean)} ({_interval(difference.tiles, level, 'tiles')})."
    )


def _interval(interval: Interval, level: float, over: str) -> str:
    percent = f"{round(100 * level, 2):g} %"
    return f"{percent} interval over {over} {_number(interval.low)} to {_number(interval.high)}"


def _number(value: float) -> str:
    # Zero is zero without rounding errors and sign, but an end beside it must not read as zero.
    value = round(value, 9) + 0.0
    return f"{value:.3f}" if value == 0 or abs(value) >= 0.0005 else f"{value:.1g}"


def _range(interval: Interval) -> str:
    """How far both ways the ends of an interval around zero reach."""
    ends = ((-interval.low, "worse"), (interval.high, "better"))
    return "up to " + " or ".join(f"{_round_up(end)} {what}" for end, what in ends if end > 0)


def _round_up(end: float) -> Decimal:
    # Through the decimal text: 0.07 is to stay 0.07, and 100 * 0.07 is above 7.
    return Decimal(str(end)).quantize(Decimal("0.01"), ROUND_CEILING)
