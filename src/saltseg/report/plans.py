"""What folds and divisions would decide, and in what time: a table, and what to take from it."""

from collections.abc import Sequence

from saltseg.comparison.outlook import duration, largest, times_more
from saltseg.comparison.plan import Plan, better_by, fewest, plans, strongest, tiles_needed
from saltseg.comparison.trial import POWER_TEXT, Trial, spread_interval
from saltseg.comparison.verdict import chance_text
from saltseg.report.tables import TextTable


def plan_report(
    trial: Trial, difference: float, seconds: float | None, folds: int | None
) -> tuple[TextTable, list[str]]:
    """Powers of all plans, and sentences on those of fewest trainings.

    Args:
        trial: What is known.
        difference: True difference to be called better.
        seconds: Training of one fold; None where no times are asked for.
        folds: That the spread was seen over; None where that is not known.

    Returns:
        A row for each plan, and the sentences.
    """
    better, equal = plans(trial, better_by(difference)), plans(trial, Trial.equal)
    table = _table(trial, difference, better, equal, seconds)
    sentences = [_sentence(better, f"call a true difference of {difference:g} better", seconds)]
    if not fewest(better):
        more = times_more(tiles_needed(trial, difference))
        sentences.append(
            f"{trial.splits} folds of {more} times as many tiles would do, were the spread that of"
            " tiles alone."
        )
    if trial.rope:
        what = "call two without a difference practically equal"
        sentences.append(_sentence(equal, what, seconds))
    if folds:
        known = spread_interval(trial.spread, folds)
        sentences.append(
            f"Seen over {folds} folds the spread may in truth be {known.low:.3g} to"
            f" {known.high:.3g} (95 % interval): try both ends."
        )
    return table, sentences


def _table(
    trial: Trial,
    difference: float,
    better: Sequence[Plan],
    equal: Sequence[Plan],
    seconds: float | None,
) -> TextTable:
    times = ("time",) * bool(seconds)
    header = ("plan", "trainings", f"{difference:g} better", "0 practically equal", *times)
    rows = [
        (
            one.name,
            str(one.folds),
            _power(one, better),
            _power(other, equal) if trial.rope else "none",
            *([duration(seconds * one.folds)] if seconds else []),
        )
        for one, other in zip(better, equal, strict=True)
    ]
    title = (
        f"Power at a spread of {trial.spread:g} over {trial.splits} folds, --rope {trial.rope:g};"
        f" *: fewest with {POWER_TEXT}"
    )
    return TextTable(title, header, rows)


def _power(plan: Plan, found: Sequence[Plan]) -> str:
    """A chance, with a mark on the plan of fewest trainings that has the power."""
    return f"{chance_text(plan.power)} {'*' if plan == fewest(found) else ' '}"


def _sentence(found: Sequence[Plan], what: str, seconds: float | None) -> str:
    """The plan of fewest trainings, or that there is none."""
    if plan := fewest(found):
        time = f", {duration(seconds * plan.folds)} for each network" if seconds else ""
        return f"To {what} with {POWER_TEXT}: {plan.name}{time}."
    best = chance_text(strongest(found).power)
    return f"To {what} with {POWER_TEXT}: none up to {largest(found)}, whose best has {best}."
