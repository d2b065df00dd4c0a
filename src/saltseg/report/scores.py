"""Table of scores of whatever has been evaluated."""

from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from saltseg.errors import DataError
from saltseg.report.tables import NOT_RECORDED
from saltseg.runs.outputs import Outputs

SCORES = ("map_iou", "iou")

_ALONE = (
    ". A single fold has no spread (-), and its tiles may be easier than those of others:"
    " compare it with runs of the same fold only"
)


def scores_table(found: Sequence[Outputs]) -> Table:
    """Scores as mean ± standard deviation over folds, best competition metric first.

    Args:
        found: Those without scores are left out.

    Raises:
        DataError: None has any.
    """
    scored = [outputs for outputs in found if outputs.has("metrics/summary.json")]
    if not scored:
        names = ", ".join(outputs.name for outputs in found)
        raise DataError(f"no metrics/summary.json in {names}; run `dvc repro` first")
    rows = [(outputs, outputs.summary) for outputs in scored]
    alone = any(len(summary["fold"]) == 1 for _, summary in rows)
    table = Table(
        title="Out-of-fold scores, mean ± standard deviation over folds",
        box=SIMPLE,
        padding=(0, 1),
        collapse_padding=True,
        pad_edge=False,
    )
    table.add_column("experiment", no_wrap=True)
    table.add_column("backbone", no_wrap=True)
    for name in ("folds", *SCORES):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("params", "GFLOPs"):
        table.add_column(name, justify="right")
    for outputs, summary in sorted(rows, key=lambda row: -row[1]["map_iou"]["mean"]):
        network = summary.get("network")
        table.add_row(
            outputs.name,
            outputs.backbone,
            str(len(summary["fold"])),
            *(_score(summary, name) for name in SCORES),
            f"{network['parameters'] / 1e6:.1f} M" if network else NOT_RECORDED,
            f"{network['gflops']:.2f}" if network else NOT_RECORDED,
        )
    floor = rows[0][1].get("empty_map_iou")
    shown = NOT_RECORDED if floor is None else f"{floor:.3f}"
    table.caption = f"Predicting no salt anywhere scores map_iou {shown}{_ALONE * alone}"
    return table


def _score(summary: Mapping[str, Any], name: str) -> str:
    spread = f"{summary[name]['std']:.3f}" if len(summary["fold"]) > 1 else "  -  "
    return f"{summary[name]['mean']:.3f} ± {spread}"
