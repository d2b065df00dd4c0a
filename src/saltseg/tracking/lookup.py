"""Which run a name means: the same for every command."""

import re
from collections.abc import Sequence
from contextlib import suppress
from itertools import combinations
from pathlib import Path

from mlflow.entities import Run

from saltseg.errors import DataError
from saltseg.runs.keys import digest
from saltseg.runs.outputs import LostError, Outputs
from saltseg.runs.revisions import WORKSPACE, recorded, some
from saltseg.tracking.contestants import TrackedRun
from saltseg.tracking.experiment_runs import name_parent
from saltseg.tracking.mirror import mirror
from saltseg.tracking.store import Store

_EMPTY = "MLflow shows no finished run; run `dvc repro`, or `saltseg track --all`"


def choose(store: Store, names: Sequence[str], into: Path) -> list[TrackedRun]:
    """Find runs by what DVC or git call them, else by id, run name, experiment or backbone.

    What DVC knows and MLflow does not show yet is written to MLflow first.

    Args:
        store: Where.
        names: None for the newest two that share data and folds.
        into: Folder for the artifacts of runs that a server keeps.

    Raises:
        DataError: Nothing fits a name, or no two runs share data and folds.
    """
    runs = [_named(store, name) for name in names] if names else _newest_pair(_finished(store))
    return [fetch(store, run, into) for run in runs]


def fetch(store: Store, run: Run, into: Path) -> TrackedRun:
    """Fetch the artifacts of a run.

    Args:
        store: Where.
        run: Of an experiment.
        into: Folder to put them below.

    Raises:
        DataError: They are gone.
    """
    folder = into / run.info.run_id
    folder.mkdir(exist_ok=True)
    needed = {"params.yaml", "dvc.lock", "tiles.csv", "curves_folds.csv"}
    missing = needed - store.files(run.info.run_id)
    if missing:
        raise DataError(
            f"{', '.join(sorted(missing))} of run {run.info.run_name} are gone; "
            "`saltseg track --all` writes them anew"
        )
    return TrackedRun(run, Path(store.client.download_artifacts(run.info.run_id, "", str(folder))))


def run_called(store: Store, name: str) -> Run | None:
    """The newest finished run of an id, run name, DVC experiment or backbone.

    A name that an experiment had before it was renamed counts, too.
    """
    runs = _finished(store)

    def fits(run: Run) -> list[bool]:
        tags = run.data.tags
        is_id = bool(re.fullmatch("[0-9a-f]{6,32}", name)) and run.info.run_id.startswith(name)
        experiments = tags.get("dvc_experiment", "").split(", ")
        return [
            is_id,
            run.info.run_name == name,
            bool(name) and name in experiments,
            tags.get("backbone") == name,
        ]

    fitting = [[run for run in runs if fits(run)[position]] for position in range(4)]
    return next((found[0] for found in fitting if found), None)


def shown_names(store: Store) -> str:
    """What MLflow shows, for an error that lists it."""
    runs = _finished(store)
    if not runs:
        return _EMPTY
    backbones = {run.data.tags.get("backbone", "") for run in runs}
    return (
        "no finished run that MLflow shows by id, name or backbone (runs"
        f" {some(run.info.run_name for run in runs[::-1])}; backbones {some(sorted(backbones))})"
    )


def shown(store: Store, outputs: Outputs) -> Run | None:
    """The run that shows outputs of the pipeline, also where DVC's cache has lost most of them."""
    tags = {"kind": "experiment", "results": digest(outputs.results)}
    with suppress(LostError):
        tags["key"] = outputs.key
    return next((run for run in store.find(**tags) if _is_finished(run)), None)


def _named(store: Store, name: str) -> Run:
    try:
        outputs = recorded(name)
    except DataError as error:
        if name == WORKSPACE:
            raise
        if run := run_called(store, name):
            return run
        raise DataError(f"no run '{name}': {error}; {shown_names(store)}") from None
    outputs.check_evaluated()
    run = shown(store, outputs)
    if run is None:
        return store.client.get_run(mirror(outputs).run_id)
    experiment = outputs.origin.experiment
    if experiment and experiment not in run.data.tags.get("dvc_experiment", "").split(", "):
        # It has been renamed, or is the same as one that is shown.
        name_parent(store, outputs, run.info.run_id)
        run = store.client.get_run(run.info.run_id)
    return run


def _newest_pair(runs: list[Run]) -> list[Run]:
    if not runs:
        raise DataError(_EMPTY)

    def shared(run: Run) -> tuple[str | None, ...]:
        digests = (run.data.tags.get(name) for name in ("data_digest", "folds_digest"))
        return (*digests, run.data.params.get("train.folds"))

    pairs = sorted(combinations(range(len(runs)), 2), key=max)
    for newer, older in pairs:
        if shared(runs[newer]) == shared(runs[older]):
            return [runs[older], runs[newer]]
    raise DataError(
        "MLflow shows no two finished runs with the same data and folds; make a second one, "
        "for instance with `dvc exp run --temp -S backbone=vgg16`"
    )


def _finished(store: Store) -> list[Run]:
    return [run for run in store.find(kind="experiment") if _is_finished(run)]


def _is_finished(run: Run) -> bool:
    return bool(run.info.status == "FINISHED")
