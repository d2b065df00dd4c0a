"""Uncertainty against error as text: a table, and what it says."""

import math
from dataclasses import asdict
from typing import Any

from saltseg.report.tables import TextTable
from saltseg.uncertainty.judgement import Judgement

_SHOWN = (0.05, 0.1, 0.2)
"""Shares of pixels left out at which people are told the error rate of the rest."""

EXPLANATION = (
    "AUSE: area between the curve of error rates and that of the best order, wrong pixels first"
    " (Ilg et al. 2018); beside it the same where that of a random order is 1."
)
"""What the numbers of the table mean."""


def measure_names(networks: int, flip: bool) -> tuple[str, str]:
    """What figures and tables call the two measures."""
    what = f"{networks} networks" if networks > 1 else "one network"
    return f"spread of {what}{' and flips' * flip}", "p (1 - p) of the mean"


def judgement_table(found: Judgement, names: tuple[str, str]) -> TextTable:
    """AUSE of each measure, and the error rates of what it leaves.

    Args:
        found: What was found.
        names: Of the measures.
    """
    header = ("left out first", "AUSE", "random = 1", *(f"{share:.0%} out" for share in _SHOWN))
    rows = [
        (
            name,
            f"{one.ause:.4f}",
            f"{one.of_random:.3f}",
            *(f"{float(one.error_at(share)):.2%}" for share in _SHOWN),
        )
        for name, one in zip(names, (found.deviation, found.ambiguity), strict=True)
    ]
    title = (
        f"Error rate of the pixels that are not left out; of all {found.error:.2%}"
        f" ({found.tiles} tiles)"
    )
    return TextTable(title, header, rows)


def judgement_sentence(found: Judgement, names: tuple[str, str]) -> str:
    """Which one predicts the error better, as far as that is known."""
    low, high = found.interval
    if math.isnan(low):
        verdict, doubt = "not known", "no interval: all tiles are of one mosaic"
    else:
        verdict = "neither, surely" if low <= 0 <= high else names[int(found.difference > 0)]
        doubt = f"95 % interval over tiles {low:+.4f} .. {high:+.4f}"
    return (
        f"Predicts the error better: {verdict}. AUSE of the first less that of the second:"
        f" {found.difference:+.4f} ({doubt})."
    )


def judgement_numbers(found: Judgement) -> dict[str, Any]:
    """All but the curves, for JSON."""
    numbers = asdict(found)
    for name in ("deviation", "ambiguity"):
        numbers[name] = {key: numbers[name][key] for key in ("ause", "of_random")}
    low, high = found.interval
    numbers["interval"] = None if math.isnan(low) else [low, high]
    return numbers
