"""The tables of a comparison, as text that terminal and page show alike."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from saltseg.comparison.matrix import Matrix
from saltseg.comparison.networks import Comparison, Contestant, Cost
from saltseg.comparison.posterior import Interval
from saltseg.comparison.verdict import chance_text
from saltseg.scoring.scores import TILE_SCORES

Settings = Sequence[tuple[str, Sequence[str]]]
"""Settings that differ: the name, then the value of each contestant."""

NOT_RECORDED = "not recorded"
"""What stands in place of a value that a run of an older commit did not record."""


class TextTable(NamedTuple):
    """A table of text; the first column names the row.

    Attributes:
        title: Line above it.
        header: Names of the columns.
        rows: As many cells each as `header`.
    """

    title: str
    header: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]


def settings_table(contestants: Sequence[Contestant], settings: Settings) -> TextTable:
    """What differs between the contestants, apart from their results."""
    header = ("setting", *(one.label for one in contestants))
    rows = [(name, *values) for name, values in settings]
    return TextTable("Settings that differ", header, rows or [("none", *("" for _ in contestants))])


def differences_table(comparison: Comparison) -> TextTable:
    """Scores of both, their difference and both intervals."""
    level = f"{round(100 * comparison.level, 2):g} %"
    title = f"Out-of-fold scores, means over folds; {level} intervals of A − B"
    rows: list[tuple[str, ...]] = [
        (
            row.score,
            f"{row.first:.3f}",
            f"{row.second:.3f}",
            _signed(row.mean),
            _interval(row.tiles),
            _interval(row.folds),
            _probability(row.p_value),
        )
        for row in comparison.differences
    ]
    compared = {row.score for row in comparison.differences}
    rows += [
        (score.name, *[NOT_RECORDED] * 2, *["none"] * 4)
        for score in TILE_SCORES
        if score.name not in compared
    ]
    return TextTable(title, ("score", "A", "B", "A − B", "over tiles", "over folds", "p"), rows)


def chances_table(comparison: Comparison) -> TextTable:
    """How likely either of both is better by more than what matters."""
    rope = f"{comparison.rope:g}"
    header = ("score", f"A better by > {rope}", "practically equal", f"B better by > {rope}")
    rows = [
        (row.score, *(map(chance_text, row.chances) if row.chances else ["none"] * 3))
        for row in comparison.differences
    ]
    return TextTable("Chances of networks trained anew", header, rows)


def matrix_table(labels: Sequence[str], matrix: Matrix, rope: float) -> TextTable:
    """Each network against each other: chances of map_iou."""
    title = (
        f"Chance that the row is better than the column in map_iou by > {rope:g};"
        " in brackets: practically equal"
    )
    rows = [
        (
            label,
            *(f"{chance_text(one.first)} ({chance_text(one.equal)})" if one else "" for one in row),
        )
        for label, row in zip(labels, matrix, strict=True)
    ]
    return TextTable(title, ("", *labels), rows)


def explanations(comparisons: Sequence[Comparison]) -> list[str]:
    """What intervals and chances speak of; where one is missing, why there may be none."""
    lines = [
        "Over tiles: these trained networks, new tiles (paired bootstrap of mosaics).",
        "Over folds: networks trained anew (corrected t-test, Nadeau and Bengio 2003).",
        "Chances: posterior of the correlated t-test (Corani and Benavoli 2015).",
    ]
    tables = [make(one) for one in comparisons for make in (differences_table, chances_table)]
    if any("none" in row for table in tables for row in table.rows):
        why = "a single fold or tile, or folds that all differ alike, leave nothing to judge by"
        lines.append(f"none: {why}.")
    return lines


def holdout_table(comparison: Comparison) -> TextTable | None:
    """Scores of both on the hold-out, their difference and its interval; None without one."""
    if not comparison.holdout:
        return None
    level, count = f"{round(100 * comparison.level, 2):g} %", comparison.holdout[0].count
    title = f"Hold-out of {count} tiles, all folds together; {level} interval of A − B"
    rows = [
        (
            row.score,
            f"{row.first:.3f}",
            f"{row.second:.3f}",
            _signed(row.mean),
            _interval(row.tiles),
        )
        for row in comparison.holdout
    ]
    return TextTable(title, ("score", "A", "B", "A − B", "over tiles"), rows)


def classes_table(comparison: Comparison) -> TextTable:
    """map_iou by coverage class."""
    rows = [
        (
            f"{row['coverage_class']:.0f}",
            f"{row['tiles']:.0f}",
            f"{row['first']:.3f}",
            f"{row['second']:.3f}",
            _signed(row["difference"]),
            _interval(Interval(row["low"], row["high"])),
        )
        for row in comparison.classes.to_dict("records")
    ]
    title = "map_iou by coverage class: 0 = no salt, 10 = over 90 %"
    return TextTable(title, ("class", "tiles", "A", "B", "A − B", "over tiles"), rows)


def cost_table(contestants: Sequence[Contestant]) -> TextTable:
    """What each network takes."""
    header = ("cost", *(one.label for one in contestants))
    rows = [(name, *(text(one.cost) for one in contestants)) for name, text in _COSTS.items()]
    return TextTable("Cost", header, rows)


def _signed(value: float) -> str:
    if not (value := round(value, 9)):  # but for rounding it is nothing
        return "0"
    # What lies beside zero must not read as zero.
    return f"{value:+.3f}" if abs(value) >= 0.0005 else f"{value:+.1g}"


def _interval(ends: Interval | None) -> str:
    if ends is None or math.isnan(ends.low):
        return "none"
    return f"{_signed(ends.low)} .. {_signed(ends.high)}"


def _probability(p_value: float | None) -> str:
    if p_value is None:
        return "none"
    return f"{p_value:.3f}" if p_value >= 0.0005 else "<0.001"


def recorded(text: str, value: float | None, unit: float = 1) -> str:
    """A number as text, or that there is none.

    Args:
        text: Where it stands, for instance `{:.1f} M`.
        value: None where a run did not record it.
        unit: What it is divided by.
    """
    return NOT_RECORDED if value is None else text.format(value / unit)


_COSTS: dict[str, Callable[[Cost], str]] = {
    "parameters": lambda cost: recorded("{:.1f} M", cost.parameters, 1e6),
    "GFLOPs per tile": lambda cost: recorded("{:.2f}", cost.gflops),
    "seconds per epoch": lambda cost: recorded("{:.1f}", cost.epoch_seconds),
    "peak memory": lambda cost: recorded("{:.0f} MiB", cost.peak_memory_mib),
}
