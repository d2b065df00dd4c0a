"""A comparison as a page of a repository: Markdown, and pictures beside it."""

from collections.abc import Mapping
from pathlib import Path

from saltseg.comparison.networks import Comparison
from saltseg.figures.comparison import class_scores, fold_differences, iou_curves
from saltseg.figures.posterior import posterior_figure
from saltseg.figures.svg import colours_of
from saltseg.files import write_whole
from saltseg.report.findings import Findings
from saltseg.report.spread import spread_sentence, spread_table
from saltseg.report.tables import (
    TextTable,
    chances_table,
    classes_table,
    cost_table,
    differences_table,
    explanations,
    holdout_table,
    settings_table,
)

PICTURES = "images"
"""Folder beside the page."""


def write_markdown(path: Path, found: Findings, command: str) -> None:
    """Write the page, and its pictures into `images` beside it.

    Args:
        path: File to write.
        found: What it shows.
        command: What makes the page again.
    """
    colours = colours_of(found.labels)
    parts = [f"# {_escaped(' against '.join(found.labels))}", f"Made by `{command}`."]
    parts += [f"**Warning:** {_escaped(warning)}." for warning in found.warnings]
    for one in found.comparisons:
        parts += [f"**{_escaped(one.verdict)}**", *([_escaped(one.outlook)] * bool(one.outlook))]
    pictures = {"curves": iou_curves(found.contestants)}
    if found.everyone:
        parts += ["## Each against each other", _table(found.everyone)]
    for number, one in enumerate(found.comparisons, start=1):
        parts += _comparison(path, number, one, colours, pictures)
    if found.chance:
        parts += ["## Where the spread comes from", _table(spread_table(found.chance))]
        parts += [_escaped(spread_sentence(found.chance))]
    parts += ["## Learning curves", _picture(path, "curves", "Validation, by epoch")]
    parts += ["## What it costs", _table(cost_table(found.contestants))]
    parts += ["## What differs", _table(settings_table(found.contestants, found.settings))]
    parts += ["\n".join(f"- {_escaped(line)}" for line in explanations(found.comparisons))]
    for name, picture in pictures.items():
        write_whole(path.parent / _file(path, name), picture.encode())
    write_whole(path, ("\n\n".join(parts) + "\n").encode())


def _comparison(
    path: Path,
    number: int,
    one: Comparison,
    colours: Mapping[str, str],
    pictures: dict[str, str],
) -> list[str]:
    """Parts about two networks; their pictures are added to `pictures`."""
    drawn = {
        f"chances-{number}": (posterior_figure(one, colours), "Chances, read from this posterior"),
        f"folds-{number}": (fold_differences(one, colours), "Differences of each fold"),
        f"classes-{number}": (class_scores(one, colours), "map_iou by salt coverage"),
    }
    pictures |= {name: picture for name, (picture, _) in drawn.items() if picture}
    shown = [_picture(path, name, title) for name, (picture, title) in drawn.items() if picture]
    tables = [differences_table(one), chances_table(one), holdout_table(one), classes_table(one)]
    return [
        f"## A = {_escaped(one.first)}, B = {_escaped(one.second)}",
        *[_table(table) for table in tables if table],
        *shown,
    ]


def _table(table: TextTable) -> str:
    rows = [table.header, ("---",) * len(table.header), *table.rows]
    lines = [f"| {' | '.join(_escaped(cell) for cell in row)} |" for row in rows]
    return "\n".join([f"{_escaped(table.title)}:", "", *lines])


def _picture(path: Path, name: str, title: str) -> str:
    return f"![{title}]({_file(path, name).as_posix()})"


def _file(path: Path, name: str) -> Path:
    return Path(PICTURES) / f"{path.stem}-{name}.svg"


def _escaped(text: str) -> str:
    """Text that no reader of Markdown takes for tables, emphasis or markup."""
    for mark in "\\|*_<>`[]":
        text = text.replace(mark, f"\\{mark}")
    return text
