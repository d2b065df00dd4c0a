"""Whether stages run anew gave the same bytes: a table, and what to make of it."""

from collections.abc import Mapping, Sequence

from rich.box import SIMPLE
from rich.table import Table

OTHERWISE = (
    "The same bytes need the same machine, packages and number of threads (docs/reruns.md). "
    "`dvc diff` names the files that differ from those committed; `git checkout dvc.lock && dvc "
    "checkout` brings these back."
)
"""What to do where bytes differ."""


def reproduction_table(stages: Mapping[str, Sequence[str]]) -> Table:
    """A row per stage, with what is not as recorded."""
    table = Table("stage", "bytes", box=SIMPLE, padding=(0, 1), pad_edge=False)
    for stage, differing in stages.items():
        table.add_row(stage, f"differ: {', '.join(differing)}" if differing else "identical")
    return table


def reproduction_verdict(stages: Mapping[str, Sequence[str]]) -> str:
    """The verdict, in one line."""
    differing = sum(map(bool, stages.values()))
    if differing:
        return f"{differing} of {len(stages)} stages gave other bytes than dvc.lock recorded"
    return f"identical: {len(stages)} of {len(stages)} stages gave the very bytes of dvc.lock"
