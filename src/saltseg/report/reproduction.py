"""Whether stages run anew gave the same bytes: a table, and what to make of it."""

from rich.box import SIMPLE
from rich.table import Table

from saltseg.records.reproduce import Reproduction
from saltseg.records.rerun import StageRerun


def reproduction_table(found: Reproduction) -> Table:
    """A row per stage: its outputs, and whether they are as recorded."""
    table = Table(box=SIMPLE, padding=(0, 1), collapse_padding=True, pad_edge=False)
    table.add_column("stage", no_wrap=True)
    table.add_column("outputs", overflow="fold")
    table.add_column("bytes", overflow="fold")
    for stage in found.stages:
        table.add_row(stage.stage, "\n".join(stage.outputs), _told(stage))
    return table


def _told(stage: StageRerun) -> str:
    if not stage.differing:
        return "identical"
    return f"differs{', as its inputs do' * stage.fed_otherwise}: {'; '.join(stage.differing)}"


def hints(found: Reproduction) -> list[str]:
    """Sentences on what the verdict means and on what to do; none where nothing is in doubt."""
    told = []
    if found.commit:
        told.append(
            "A committed dvc.lock may come from another machine: then the two machines were "
            "compared. `make reproduce` runs everything twice on this one."
        )
    if any(stage.stage.startswith("train@") for stage in found.differing):
        told.append(
            "Trained weights are the same only for the same number of threads (train.threads), "
            "instruction sets of the processor, GPU or none, and versions: README, Exact reruns."
        )
    if found.differing:
        told.append(f"`{found.restore}` brings back what was recorded.")
    return told


def verdict(found: Reproduction) -> str:
    """The verdict, in one line."""
    lock = f"dvc.lock (committed in {found.commit})" if found.commit else "dvc.lock"
    count, differing = len(found.stages), len(found.differing)
    if differing:
        return f"differs: {differing} of {count} stages gave other bytes than those of {lock}"
    return f"identical: {count} of {count} stages gave the very bytes of {lock}"
