"""Trainings that were begun and not ended, as a table."""

from collections.abc import Sequence
from datetime import datetime

from rich.table import Table

from saltseg.training.unfinished import Unfinished


def unfinished_table(trainings: Sequence[Unfinished]) -> Table:
    """A row per training: what it is, how far it got, when, its size on disk, who has it now."""
    table = Table("training", "epochs", "last saved", "MiB", "now")
    for one in trainings:
        files = [path.stat() for path in one.folder.iterdir()]
        saved = datetime.fromtimestamp(max(file.st_mtime for file in files))
        size = sum(file.st_size for file in files) / 2**20
        now = one.about.owner if one.owned else "stopped"
        table.add_row(
            one.about.title, str(one.epochs), saved.isoformat(" ", "minutes"), f"{size:.0f}", now
        )
    return table
