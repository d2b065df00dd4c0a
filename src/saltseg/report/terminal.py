"""A comparison on the terminal: what differs, how much, how sure, what cost; the verdict last."""

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table
from rich.text import Text

from saltseg.comparison.spread import Spread
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


def print_report(console: Console, found: Findings) -> None:
    """Print a whole report; plain text where the console is no terminal.

    Args:
        console: Where to.
        found: What to print.
    """
    for warning in found.warnings:
        console.print(Text(f"Warning: {warning}", style="bold red"))
    print_table(console, settings_table(found.contestants, found.settings))
    for comparison in found.comparisons:
        console.print(Text(f"A = {comparison.first}, B = {comparison.second}", style="bold"))
        console.print()
        print_table(console, differences_table(comparison))
        print_table(console, chances_table(comparison))
        if unseen := holdout_table(comparison):
            print_table(console, unseen)
        print_table(console, classes_table(comparison))
    if found.everyone:
        print_table(console, found.everyone)
    if found.chance:
        print_spread(console, found.chance)
        console.print()
    print_table(console, cost_table(found.contestants))
    for line in explanations(found.comparisons):
        console.print(Text(line, style="dim"))
    for comparison in found.comparisons:
        console.print()
        console.print(Text(comparison.verdict, style="bold"))
        if comparison.outlook:
            console.print(Text(comparison.outlook))


def print_table(console: Console, table: TextTable) -> None:
    """Print a table; its first column to the left, all others to the right."""
    shown = Table(box=SIMPLE, padding=(0, 1), collapse_padding=True, pad_edge=False)
    for place, name in enumerate(table.header):
        shown.add_column(Text(name), justify="right" if place else "left", overflow="fold")
    for row in table.rows:
        shown.add_row(*(Text(cell) for cell in row))
    # Not as the table's title, which would be wrapped at the table's width.
    console.print(Text(table.title, style="italic"))
    console.print(shown)


def print_spread(console: Console, found: Spread) -> None:
    """Print where the spread of a network's scores comes from."""
    print_table(console, spread_table(found))
    console.print(Text(spread_sentence(found)))
