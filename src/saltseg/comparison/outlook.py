"""What it would take to decide, said under a verdict that leaves it open."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from saltseg.comparison.defaults import ROPE
from saltseg.comparison.differences import Difference
from saltseg.comparison.plan import (
    Plan,
    Question,
    better_by,
    fewest,
    plans,
    strongest,
    tiles_needed,
)
from saltseg.comparison.trial import POWER_TEXT, Trial, spread_interval
from saltseg.comparison.verdict import chance_text, undecided


def outlook(
    difference: Difference,
    splits: int,
    level: float,
    rope: float,
    fold_seconds: Mapping[str, float | None],
) -> str:
    """Say how many folds and divisions would tell a difference of twice the rope, and how long.

    Besides: a difference as large as the one measured where that is larger, or practical equality
    where that lies within the rope; the smallest difference that the folds at hand would tell; and
    how roughly the spread is known that all of it rests on.

    Args:
        difference: In map_iou.
        splits: Folds of a division.
        level: Of the verdict.
        rope: Of the verdict; without one, a difference of `defaults.ROPE` is to be told.
        fold_seconds: Training of one fold by the network's label, None where it is not known.

    Returns:
        Empty where the verdict decides, and where folds show no spread to judge by.
    """
    if not difference.posterior or not undecided(difference.posterior.chances(rope), level):
        return ""
    folds, spread = len(difference.by_fold), float(difference.by_fold.std(ddof=1))
    trial, wanted, measured = Trial(spread, splits, rope, level), 2 * rope or ROPE, difference.mean
    takes = _takes(trial, better_by(wanted), fold_seconds, wanted)
    sentences = [
        f"To tell a true difference of {wanted:g} with {POWER_TEXT}, at the spread seen"
        f" ({spread:.3f} over {folds} folds), {takes}; the {folds} folds at hand tell"
        f" {_least(trial, folds)}."
    ]
    if abs(measured) > wanted:
        takes = _takes(trial, better_by(abs(measured)), fold_seconds, abs(measured))
        sentences.append(f"To tell one as large as measured ({abs(measured):.3f}), {takes}.")
    elif abs(measured) <= rope:
        takes = _takes(trial, Trial.equal, fold_seconds)
        sentences.append(f"To call two without a difference practically equal, {takes}.")
    return " ".join([*sentences, _roughly(trial, folds, wanted)])


def duration(seconds: float) -> str:
    """A time as people say it."""
    hours = seconds / 3600
    if hours < 1.5:
        return f"{max(1, round(60 * hours))} min"
    return f"{hours:.{int(hours < 10)}f} h"


def times_more(times: float) -> str:
    """How many times as many tiles, no more exact than it is known."""
    return f"{times:.{int(times < 10)}f}" if times < 100 else "over 100"


def largest(found: Sequence[Plan]) -> str:
    """Name of the plan of most trainings."""
    return max(found, key=lambda plan: plan.folds).name


def _takes(
    trial: Trial,
    question: Question,
    fold_seconds: Mapping[str, float | None],
    difference: float | None = None,
) -> str:
    """The plan of fewest trainings with its time; or that there is none, and what else would do."""
    found = plans(trial, question)
    if plan := fewest(found):
        known = {label: each for label, each in fold_seconds.items() if each is not None}
        times = [f"{duration(each * plan.folds)} for {label}" for label, each in known.items()]
        about = f", in all about {' and '.join(times)}" if times else ""
        return f"it would take some {plan.name}{about}"
    power = chance_text(strongest(found).power)
    text = f"even the best of up to {largest(found)} has a power of {power} only"
    if difference is None:
        return text
    more = times_more(tiles_needed(trial, difference))
    return f"{text} ({trial.splits} folds of {more} times as many tiles would do)"


def _roughly(trial: Trial, folds: int, wanted: float) -> str:
    """How far the answer can be trusted: what it would be at both ends of the spread's interval."""
    known, ends = spread_interval(trial.spread, folds), []
    for spread in (known.low, known.high):
        found = plans(replace(trial, spread=spread), better_by(wanted))
        plan = fewest(found)
        ends.append(plan.name if plan else f"more than {largest(found)}")
    low, high = ends
    range_ = f"anything from {low} to {high}" if low != high else f"{low} at both ends"
    return (
        f"The spread is known roughly (95 % interval {known.low:.3f} to {known.high:.3f}); for"
        f" {wanted:g} that means {range_}."
    )


def _least(trial: Trial, folds: int) -> str:
    least = trial.least(folds)
    return f"{least:.3f} or more" if least < 1 else "none that scores can have"
