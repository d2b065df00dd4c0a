"""Trainings that were begun and not ended, as a table and as commands."""

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table

from saltseg.runs.unfinished import Unfinished


def unfinished_table(trainings: Sequence[Unfinished]) -> Table:
    """A row per training: what it is, how far it got, when, its size on disk, who has it now."""
    table = Table("training", "experiment", "epochs", "last saved", "MiB", "now")
    for one in trainings:
        files = [path.stat() for path in one.folder.iterdir()]
        saved = datetime.fromtimestamp(max(file.st_mtime for file in files))
        size = sum(file.st_size for file in files) / 2**20
        now = one.about.owner if one.owned else "stopped"
        about = one.about
        when = saved.isoformat(" ", "minutes")
        name = about.launch.experiment or ""
        table.add_row(about.title, name, str(one.epochs), when, f"{size:.0f}", now)
    return table


def commands(trainings: Sequence[Unfinished]) -> list[str]:
    """A line for each training that was stopped, with the command that continues it."""
    return [
        f"{one.about.title}: {one.about.launch.command()}" for one in trainings if not one.owned
    ]
