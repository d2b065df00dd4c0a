"""Table of scores of whatever has been evaluated."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from rich.box import SIMPLE
from rich.table import Table

from saltseg.errors import DataError
from saltseg.report.tables import NOT_RECORDED, recorded
from saltseg.runs.outputs import Outputs
from saltseg.scoring.scores import DECIDING, SHORT

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
    for name in ("folds", *(score.name for score in SHORT)):
        table.add_column(name, justify="right", no_wrap=True)
    for name in ("params", "GFLOPs"):
        table.add_column(name, justify="right")
    for outputs, summary in sorted(rows, key=_best_first):
        network = summary.get("network", {})
        table.add_row(
            outputs.name,
            outputs.backbone,
            str(len(summary["fold"])),
            *(_score(summary, score.name) for score in SHORT),
            recorded("{:.1f} M", network.get("parameters"), 1e6),
            recorded("{:.2f}", network.get("gflops")),
        )
    floor = recorded("{:.3f}", rows[0][1].get("empty_map_iou"))
    table.caption = f"Predicting no salt anywhere scores map_iou {floor}{_ALONE * alone}"
    return table


def _best_first(row: tuple[Outputs, Mapping[str, Any]]) -> float:
    score = row[1].get(DECIDING.name)
    return -DECIDING.gain(score["mean"]) if score else math.inf


def _score(summary: Mapping[str, Any], name: str) -> str:
    if name not in summary:
        return NOT_RECORDED
    spread = f"{summary[name]['std']:.3f}" if len(summary["fold"]) > 1 else "  -  "
    return f"{summary[name]['mean']:.3f} ± {spread}"
