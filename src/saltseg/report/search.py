"""Trials of a search, as a table."""

from collections.abc import Sequence
from typing import NamedTuple

from rich.box import SIMPLE
from rich.table import Table
from rich.text import Text

from saltseg.scoring.scores import DECIDING


class TrialRow(NamedTuple):
    """A trial.

    Attributes:
        name: Of its experiment.
        state: How it ended, in a word or two.
        score: What it is ranked by; None where it did not run to its end.
        watched: The best of its epochs, on its first fold; None where none was seen.
        epochs: How many were seen.
        seconds: What it took.
        values: Its parameters, by name.
    """

    name: str
    state: str
    score: float | None
    watched: float | None
    epochs: int
    seconds: float
    values: dict[str, str]

    @property
    def rank(self) -> tuple[float, float]:
        """Lower is better; those without score come last."""
        worst = -1.0
        score = worst if self.score is None else self.score
        return -score, -(worst if self.watched is None else self.watched)


def trials_table(rows: Sequence[TrialRow]) -> Table:
    """A row per trial, the best first; parameters by the last part of their names."""
    table = Table(box=SIMPLE, padding=(0, 1), collapse_padding=True, pad_edge=False)
    table.add_column("trial", no_wrap=True)
    table.add_column("state", overflow="fold")
    for name in (DECIDING.name, f"val_{DECIDING.name}", "epochs", "s"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("parameters", overflow="fold")
    names = list(rows[0].values) if rows else []
    last = [name.rpartition(".")[2] for name in names]
    short = {
        name: end if last.count(end) == 1 else name for name, end in zip(names, last, strict=True)
    }
    for row in sorted(rows, key=lambda row: row.rank):
        numbers = ("-" if value is None else f"{value:.3f}" for value in (row.score, row.watched))
        values = " ".join(f"{short[name]}={value}" for name, value in row.values.items())
        cells = (row.name, row.state, *numbers, str(row.epochs), f"{row.seconds:.0f}", values)
        table.add_row(*map(Text, cells))
    return table
