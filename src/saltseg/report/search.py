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
        watched: The best that pruning saw of it; None where it saw nothing.
        epochs: How many it saw.
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
    table.add_column("trial", overflow="fold")
    table.add_column("state", overflow="fold")
    for name in (DECIDING.name, "best epoch", "epochs", "seconds"):
        table.add_column(name, justify="right")
    names = list(rows[0].values) if rows else []
    last = [name.rpartition(".")[2] for name in names]
    for name, short in zip(names, last, strict=True):
        title = name if last.count(short) > 1 else short
        table.add_column(Text(title), justify="right", overflow="fold")
    for row in sorted(rows, key=lambda row: row.rank):
        numbers = ("-" if value is None else f"{value:.3f}" for value in (row.score, row.watched))
        cells = (row.name, row.state, *numbers, str(row.epochs), f"{row.seconds:.0f}")
        table.add_row(*(Text(cell) for cell in (*cells, *row.values.values())))
    return table
