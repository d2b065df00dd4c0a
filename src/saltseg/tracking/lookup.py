"""Which run a name means: the same for every command."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import chain

from mlflow.entities import Run

from saltseg.errors import DataError
from saltseg.root import WORKSPACE
from saltseg.runs.keys import digest
from saltseg.runs.outputs import LostError, Outputs
from saltseg.runs.revisions import recorded, some
from saltseg.tracking.artifacts import shown_outputs
from saltseg.tracking.comparable import ShownRun
from saltseg.tracking.experiment_runs import name_parent
from saltseg.tracking.mirror import mirror
from saltseg.tracking.store import Store, own_store, store_errors
from saltseg.tracking.uri import store_exists

_EMPTY = "MLflow shows no finished run; run `dvc repro`, or `saltseg track --all`"


def choose(store: Store, names: Sequence[str]) -> list[ShownRun]:
    """Find runs by what DVC or git call them, else by id, run name, experiment or backbone.

    What DVC knows and MLflow does not show yet is written to MLflow first.

    Args:
        store: Where.
        names: None for the newest two that share data and folds.

    Raises:
        DataError: Nothing fits a name, or no two runs share data and folds.
    """
    if names:
        return [_named(store, name) for name in names]
    return [shown_run(store, run) for run in _newest_pair(store)]


def shown_run(store: Store, run: Run) -> ShownRun:
    """A run with what it left, as far as MLflow has it.

    Raises:
        DataError: Its artifacts are gone.
    """
    return ShownRun(run, shown_outputs(store, run))


@store_errors()
def find_shown(name: str) -> Outputs:
    """What the newest run of a name left that MLflow shows in this project; see `run_called`.

    Raises:
        DataError: There is no such run.
        TrackingError: The store does not work.
    """
    if not store_exists():
        raise DataError("there is no MLflow store yet; run `dvc repro`, or `saltseg track --all`")
    store = own_store()
    run = run_called(store, name)
    if run is None:
        raise DataError(shown_names(store))
    return shown_outputs(store, run)


def run_called(store: Store, name: str) -> Run | None:
    """The newest finished run of an id, run name, DVC experiment or backbone.

    A name that an experiment had before it was renamed counts, too.
    """
    if not name:
        return None
    if re.fullmatch("[0-9a-f]{6,32}", name):
        for run in _finished(store):
            if run.info.run_id.startswith(name):
                return run
    experiments = (
        run
        for run in _finished(store)
        if name in run.data.tags.get("dvc_experiment", "").split(", ")
    )
    named = _finished(store, **{"mlflow.runName": name})
    fitting = (named, experiments, _finished(store, backbone=name))
    return next(chain(*fitting), None)


def shown_names(store: Store) -> str:
    """What MLflow shows, for an error that lists it."""
    runs = list(_finished(store))
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
    return next(store.each(tags, finished=True), None)


def _named(store: Store, name: str) -> ShownRun:
    try:
        outputs = recorded(name)
    except DataError as error:
        if name == WORKSPACE:
            raise
        if run := run_called(store, name):
            return shown_run(store, run)
        raise DataError(f"no run '{name}': {error}; {shown_names(store)}") from None
    outputs.check_evaluated()
    run = shown(store, outputs)
    if run is None:
        run = store.client.get_run(mirror(outputs).run_id)
    experiment = outputs.origin.experiment
    if experiment and experiment not in run.data.tags.get("dvc_experiment", "").split(", "):
        # It has been renamed, or is the same as one that is shown.
        name_parent(store, outputs, run.info.run_id)
        run = store.client.get_run(run.info.run_id)
    return ShownRun(run, outputs)


def _newest_pair(store: Store) -> list[Run]:
    """The older one first."""
    newest: dict[tuple[str | None, ...], Run] = {}
    for run in _finished(store):
        digests = (run.data.tags.get(name) for name in ("data_digest", "folds_digest"))
        shared = (*digests, run.data.params.get("train.folds"))
        if shared in newest:
            return [run, newest[shared]]
        newest[shared] = run
    if not newest:
        raise DataError(_EMPTY)
    raise DataError(
        "MLflow shows no two finished runs with the same data and folds; make a second one, "
        "for instance with `dvc exp run --temp -S backbone=vgg16`"
    )


def _finished(store: Store, **tags: str) -> Iterator[Run]:
    """Runs of experiments that have ended well, newest first."""
    return store.each({"kind": "experiment", **tags}, finished=True)
