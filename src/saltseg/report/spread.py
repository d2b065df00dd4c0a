"""Where the scores of one network vary that was trained with several seeds."""

import math

from saltseg.comparison.spread import Spread
from saltseg.report.tables import TextTable


def spread_table(found: Spread) -> TextTable:
    """Standard deviations of the score of one fold, by what makes it vary."""
    of = f" of {found.divisions} divisions" if found.divisions > 1 else ""
    title = (
        f"{found.score} {found.mean:.3f}: standard deviation of a fold's score"
        f" ({found.runs} runs of {found.folds} folds{of})"
    )
    low, high = map(_deviation, (found.training_interval.low, found.training_interval.high))
    rows = [("training seed", _deviation(found.training), f"{low} .. {high}")]
    if found.division is not None:
        rows.append(("division", _deviation(found.division), ""))
    rows += [
        ("folds", _deviation(found.between), ""),
        ("tiles drawn at random", "none" if found.tiles is None else _deviation(found.tiles), ""),
        ("folds beyond their tiles", _deviation(found.rest), ""),
    ]
    return TextTable(title, ("varies with", "std", "95 % interval"), rows)


def spread_sentence(found: Spread) -> str:
    """What the spread of training means for a comparison."""
    doubt = 2 * math.sqrt(2) * found.rerun
    division = (
        ""
        if found.division is None
        else f" Another division moves the mean over its folds by some {_deviation(found.division)}"
        ", training and folds of their own not counted."
    )
    return (
        f"Another training seed alone moves the mean over {found.folds} folds by some"
        f" {found.rerun:.4f}: two runs that differ by less than {doubt:.4f} may differ by chance"
        f" of training.{division} Folds: what is left between them; tiles drawn at random: what"
        " folds of their size would differ by if nothing evened them out."
    )


def _deviation(variance: float) -> str:
    return f"{math.sqrt(variance):.4f}"
