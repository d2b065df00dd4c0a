"""Make the MLflow store show what the outputs say: a run per experiment, its folds below."""

import time
from collections import Counter
from dataclasses import dataclass

from filelock import FileLock
from mlflow.entities import Run
from mlflow.exceptions import MlflowException

from saltseg.root import state_folder
from saltseg.runs.outputs import Outputs
from saltseg.runs.provenance import provenance
from saltseg.tracking.experiment_runs import fill_parent, name_parent, open_parent, valid_parent
from saltseg.tracking.fold_runs import (
    COSTS,
    FILES,
    PARENT,
    log_result,
    log_rows,
    open_fold_run,
    rows_agree,
)
from saltseg.tracking.run_locks import close_dead
from saltseg.tracking.runs_view import keep_view
from saltseg.tracking.stamps import stamp
from saltseg.tracking.store import Store, open_store, store_errors


@dataclass(frozen=True)
class Mirrored:
    """What was done for one experiment.

    Attributes:
        name: Name of its run.
        run_id: Id of its run.
        done: How many runs were `kept`, `adopted`, `copied` or `written`.
        closed: Names of runs closed as KILLED on the way.
        experiment: Id of the MLflow experiment.
    """

    name: str
    run_id: str
    done: Counter[str]
    closed: list[str]
    experiment: str

    def text(self) -> str:
        """One line for the terminal."""
        done = ", ".join(f"{count} {what}" for what, count in sorted(self.done.items()))
        closed = f"; closed as killed: {', '.join(self.closed)}" if self.closed else ""
        return f"MLflow shows {self.name} (of its runs {done}){closed}"


@store_errors()
def mirror(outputs: Outputs) -> Mirrored:
    """Make the store show these outputs; what it shows already stays as it is.

    Args:
        outputs: Of a finished run of the pipeline.

    Raises:
        DataError: The outputs are incomplete.
        TrackingError: The store does not work.
    """
    outputs.check_evaluated()
    store = open_store(outputs.params["tracking"]["experiment"])
    # Two at once would both find nothing and both write.
    with FileLock(state_folder() / "mirror.lock"):
        keep_view(store)
        closed = close_dead(store)
        done: Counter[str] = Counter()
        known = {fold: _valid_runs(store, outputs, fold) for fold in outputs.folds}
        parent = valid_parent(store, outputs)
        done["kept" if parent else "written"] += 1
        watched = [
            run.info for runs in known.values() for run in runs[:1] if _is_orphan(store, run)
        ]
        # As long as its folds took, where all of them were watched live for it.
        times = watched if len(watched) == len(known) else []
        start = min((info.start_time for info in times), default=None)
        run_id = parent.info.run_id if parent else open_parent(store, outputs, start)
        for fold, runs in known.items():
            done[_mirror_fold(store, outputs, fold, runs, run_id)] += 1
        if not parent:
            fill_parent(store, outputs, run_id)
            end = max((info.end_time for info in times), default=None)
            store.client.set_terminated(run_id, status="FINISHED", end_time=end)
        name = name_parent(store, outputs, run_id)
        stamp(outputs, run_id)
    return Mirrored(name, run_id, done, closed, store.experiment)


def _valid_runs(store: Store, outputs: Outputs, fold: int) -> list[Run]:
    """Runs of a fold that show its outputs, newest first; others of its key are deleted."""
    client, history = store.client, outputs.history(fold)
    true = []
    for run in store.find(kind="fold", key=outputs.fold_keys[fold]):
        if run.info.status != "FINISHED":
            # Not a live one, which has no parent yet: a mirror was interrupted while it wrote it.
            if PARENT in run.data.tags:
                client.delete_run(run.info.run_id)
            continue
        if store.files(run.info.run_id) >= FILES and rows_agree(client, run.info.run_id, history):
            true.append(run)
        else:
            client.delete_run(run.info.run_id)
    return true


def _mirror_fold(store: Store, outputs: Outputs, fold: int, known: list[Run], parent: str) -> str:
    """Give the parent a run of one fold; returns what was done."""
    client = store.client
    own = [run for run in known if run.data.tags.get(PARENT) == parent]
    orphans = [run for run in known if _is_orphan(store, run)]
    if not own and orphans:
        client.set_tag(orphans[0].info.run_id, PARENT, parent)
    # Twins: a fold trained again to the same end.
    for run in (own + orphans)[1:]:
        client.delete_run(run.info.run_id)
    if own or orphans:
        return "kept" if own else "adopted"
    _write_fold(store, outputs, fold, parent, source=known[0] if known else None)
    return "copied" if known else "written"


def _is_orphan(store: Store, run: Run) -> bool:
    parent = run.data.tags.get(PARENT)
    try:
        return not parent or store.client.get_run(parent).info.lifecycle_stage != "active"
    except MlflowException:
        # `mlflow gc` has removed it for good.
        return True


def _write_fold(store: Store, outputs: Outputs, fold: int, parent: str, source: Run | None) -> None:
    """Write a fold's run from the outputs; times and memory come from a run of the same key."""
    client, history = store.client, outputs.history(fold)
    tags = {
        **provenance(outputs.origin, outputs.lock, outputs.backbone),
        **outputs.engine(fold),
        "key": outputs.fold_keys[fold],
        PARENT: parent,
    }
    now = int(time.time() * 1000)
    start, end = (source.info.start_time, source.info.end_time) if source else (now, None)
    run_id = open_fold_run(store, outputs.params, fold, tags, start)
    log_rows(client, run_id, history)
    if source:
        for name in COSTS:
            points = client.get_metric_history(source.info.run_id, name)
            client.log_batch(run_id, metrics=points)
    log_result(client, run_id, history, f"{outputs.backbone} fold {fold}")
    client.set_terminated(run_id, status="FINISHED", end_time=end)
