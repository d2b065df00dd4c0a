"""What is told of folds that are trained side by side: a live table, or a line per epoch."""

import time
from collections.abc import Iterable
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live
from rich.table import Table

from saltseg.scoring.scores import DECIDING

WATCHED = f"val_{DECIDING.name}"


@dataclass
class _Row:
    where: str = ""
    state: str = "waits"
    epoch: int = 0
    epochs: int = 0
    score: float | None = None
    first: tuple[int, float] | None = None
    last: float = 0.0

    @property
    def left(self) -> float | None:
        """Seconds until its last epoch has ended, at the pace since the first that was seen."""
        if self.state != "trains" or self.first is None or self.epoch == self.first[0]:
            return None
        epoch, began = self.first
        ends = self.last + (self.last - began) / (self.epoch - epoch) * (self.epochs - self.epoch)
        return max(0.0, ends - time.monotonic())


class Board:
    """Shows how far each fold is, for as long as it is open."""

    def __init__(self, console: Console, names: Iterable[str]) -> None:
        """Show nothing yet.

        Args:
            console: Where to; where it is no terminal, lines take the place of the table.
            names: Of the folds, in order.
        """
        self._console = console
        self._rows = {name: _Row() for name in names}
        self._live = Live(console=console, get_renderable=self.table, refresh_per_second=1)

    def __enter__(self) -> Self:
        """Show the table."""
        if self._console.is_terminal:
            self._live.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Leave the table as it is."""
        if self._console.is_terminal:
            self._live.stop()

    def begin(self, name: str, where: str) -> None:
        """A fold is begun."""
        row = self._rows[name]
        if row.state == "trains":
            return
        row.where, row.state = where, "trains"
        self._tell(name, f"begins, {where}")

    def see(self, name: str, epoch: int, epochs: int, score: float) -> None:
        """A fold has finished so many of its epochs, the last of which scored so much."""
        row = self._rows[name]
        if epoch == row.epoch:
            return
        row.epoch, row.epochs, row.score, row.last = epoch, epochs, score, time.monotonic()
        if row.first is None:  # the first has started the engine, or an earlier process trained it
            row.first = epoch, row.last
        left = f", {_minutes(row.left)} left" if row.left else ""
        self._tell(name, f"epoch {epoch}/{epochs}  {WATCHED} {score:.3f}{left}")

    def end(self, name: str, why: str) -> None:
        """A fold has ended; why it has failed, or nothing where it has not."""
        self._rows[name].state = "failed" if why else "done"
        if why:
            self.say(f"{name}: failed, {why}")
        else:
            self._tell(name, "done")

    def say(self, text: str) -> None:
        """Print a line, above the table where there is one."""
        self._console.print(text, soft_wrap=True, highlight=False, markup=False)

    def table(self) -> Table:
        """All folds as they are."""
        table = Table("fold", "where", "state", "epoch", WATCHED, "left")
        for name, row in self._rows.items():
            table.add_row(
                name,
                row.where,
                row.state,
                f"{row.epoch}/{row.epochs}" if row.epochs else "",
                "" if row.score is None else f"{row.score:.3f}",
                _minutes(row.left) if row.left else "",
            )
        return table

    def _tell(self, name: str, text: str) -> None:
        if not self._console.is_terminal:
            self.say(f"{name}: {text}")


def _minutes(seconds: float | None) -> str:
    whole = round(seconds or 0)
    return f"{whole // 60}:{whole % 60:02d}"
