"""DVC experiments as records: what ran, and how it scored."""

from dataclasses import dataclass
from typing import Any

import dvc.api
from dvc.exceptions import DvcException
from dvc.repo import Repo
from rich.box import SIMPLE
from rich.table import Table
from scmrepo.exceptions import SCMError

from saltseg.errors import DataError

SCORES = ("map_iou", "iou")
_SUMMARY = "metrics/summary.json"


@dataclass(frozen=True)
class Experiment:
    """One scored state of the pipeline.

    Attributes:
        name: Experiment name, or `workspace`.
        backbone: Its backbone.
        summary: What its summary.json holds.
    """

    name: str
    backbone: str
    summary: dict[str, Any]


def read_experiments(revisions: list[str]) -> list[Experiment]:
    """Scored experiments of the repository around the current folder.

    Args:
        revisions: Commits, experiment names or `workspace`; empty for the workspace and every
            experiment.

    Raises:
        DataError: There is no repository, no such revision, or nothing has been scored.
    """
    try:
        with Repo() as repo:
            by_commit = repo.experiments.ls(all_commits=True).values()
            known = ["workspace", *(name for listed in by_commit for name, _ in listed)]
            for name in set(revisions) - set(known):
                repo.scm.resolve_rev(name)
        names = revisions or known
        found = [_read(name) for name in names]
    except (DvcException, SCMError) as error:
        raise DataError(f"{' '.join(str(error).split())}; run this where dvc.yaml is") from None
    scored = [experiment for experiment in found if experiment]
    if not scored:
        raise DataError(f"no {_SUMMARY} in {', '.join(names)}; run `dvc repro` first")
    return scored


def scores_table(experiments: list[Experiment]) -> Table:
    """Scores as mean ± standard deviation over folds, best competition metric first."""
    table = Table(
        title="Out-of-fold scores, mean ± standard deviation over folds",
        box=SIMPLE,
        padding=(0, 1),
        collapse_padding=True,
        pad_edge=False,
    )
    table.add_column("experiment", no_wrap=True)
    table.add_column("backbone", no_wrap=True)
    for name in ("folds", *SCORES, "params", "GFLOPs"):
        table.add_column(name, justify="right", no_wrap=True)
    for one in sorted(experiments, key=lambda e: -e.summary["map_iou"]["mean"]):
        scores = (f"{one.summary[s]['mean']:.3f} ± {one.summary[s]['std']:.3f}" for s in SCORES)
        network = one.summary["network"]
        table.add_row(
            one.name,
            one.backbone,
            str(len(one.summary["fold"])),
            *scores,
            f"{network['parameters'] / 1e6:.1f} M",
            f"{network['gflops']:.2f}",
        )
    floor = experiments[0].summary["empty_map_iou"]
    table.caption = f"Predicting no salt anywhere scores map_iou {floor:.3f}"
    return table


def _read(revision: str) -> Experiment | None:
    rev = None if revision == "workspace" else revision
    try:
        metrics = dvc.api.metrics_show(rev=rev)
        params = dvc.api.params_show("params.yaml", rev=rev)
    except FileNotFoundError:
        return None
    if "map_iou" not in metrics:
        return None
    return Experiment(revision, str(params["backbone"]), metrics)
