"""A comparison in one sentence, which says no more than its folds allow."""

from saltseg.comparison.differences import Difference, HoldoutDifference
from saltseg.comparison.posterior import Chances, Interval

_FEW_FOLDS = 3
"""Up to so many, the t interval rests on at most two degrees of freedom: weak evidence."""


def verdict_sentence(
    first: str, second: str, difference: Difference, tiles: int, level: float, rope: float
) -> str:
    """Say what is shown about map_iou, and how weak the evidence is.

    A network is called better where the difference lies above `rope` but for half of the doubt that
    `level` leaves, so that without a difference one of the two is called better in 1 - `level` of
    all cases at most; the two are called practically equal where it lies within `rope` with a
    probability of `level`.

    Args:
        first: Label.
        second: Label.
        difference: In map_iou, first minus second.
        tiles: How many both have scored.
        level: Confidence level of the intervals.
        rope: Largest difference that does not matter.
    """
    folds, over_folds, chances = len(difference.by_fold), difference.folds, difference.chances
    found = f"{first} minus {second} in map_iou: {_number(difference.mean)}"
    weak = f"; {folds} fold{'s' * (folds > 1)}: weak evidence" if folds <= _FEW_FOLDS else ""
    if chances and not difference.posterior:
        return (
            f"{first} and {second} are identical in map_iou: "
            f"the difference is exactly zero on all {tiles} tiles{weak}."
        )
    if folds == 1:
        return (
            f"One fold shows how these two networks differ on its {tiles} tiles ({found}, "
            f"{_interval(difference.tiles, level, 'tiles')}), not how the backbones or settings "
            "behind them do, for which one fold is too weak a ground."
        )
    if over_folds is None or chances is None:
        return f"No verdict: the {folds} folds all differ by the same amount ({found}{weak})."
    return _likely(first, second, difference.mean, over_folds, chances, level, rope, weak)


def undecided(chances: Chances, level: float) -> bool:
    """Whether these chances leave the verdict open."""
    return max(chances.first, chances.second) < (1 + level) / 2 and chances.equal < level


def _likely(
    first: str,
    second: str,
    mean: float,
    over_folds: Interval,
    chances: Chances,
    level: float,
    rope: float,
    weak: str,
) -> str:
    """Which of the verdicts that rest on chances holds."""
    sure = f"{_interval(over_folds, level, 'folds')}{weak}"
    measured = f"measured: {_number(mean)}, {sure}"
    by_more = f" by more than {rope:g}" if rope else ""
    if undecided(chances, level):
        equal = f", practically equal with {chance_text(chances.equal)}" if rope else ""
        return (
            f"Undecided: {first} is better than {second} in map_iou{by_more} with probability "
            f"{chance_text(chances.first)}{equal}, worse with {chance_text(chances.second)} "
            f"({measured})."
        )
    if chances.equal >= level:
        return (
            f"{first} and {second} are practically equal in map_iou: they differ by at most "
            f"{rope:g} with probability {chance_text(chances.equal)} ({measured})."
        )
    if chances.second > chances.first:
        turned = Interval(-over_folds.high, -over_folds.low)
        sure = f"{_interval(turned, level, 'folds')}{weak}"
        first, second, chances = second, first, Chances(*reversed(chances))
    return (
        f"{first} is better than {second} in map_iou: by {_number(abs(mean))} "
        f"({sure}),{by_more} with probability {chance_text(chances.first)}."
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


def chance_text(probability: float) -> str:
    """A probability that does not read as certain where it is not."""
    if probability >= 0.995:
        return "over 0.99"
    return f"{probability:.2f}" if probability >= 0.005 else "under 0.01"
