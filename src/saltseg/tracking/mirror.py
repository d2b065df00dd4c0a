"""Make the MLflow store show what the outputs say: a run per experiment, its folds below."""

import tempfile
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from filelock import FileLock
from mlflow.entities import Metric, Param, Run

from saltseg.records.keys import digest
from saltseg.records.outputs import Outputs
from saltseg.records.provenance import provenance
from saltseg.tracking.fold_runs import (
    COSTS,
    log_data,
    log_result,
    log_rows,
    open_fold_run,
    rows_agree,
)
from saltseg.tracking.liveness import close_dead
from saltseg.tracking.place import stamp, state_folder
from saltseg.tracking.store import Store, flatten, open_store

PARENT = "mlflow.parentRunId"
_SCORES = ("map_iou", "iou", "dice", "precision", "recall")


@dataclass(frozen=True)
class Mirrored:
    """What was done for one experiment.

    Attributes:
        name: Name of its run.
        run_id: Id of its run.
        done: How many runs were `kept`, `adopted`, `copied` or `written`.
        closed: Names of runs closed as KILLED on the way.
    """

    name: str
    run_id: str
    done: Counter[str]
    closed: list[str]

    def text(self) -> str:
        """One line for the terminal."""
        done = ", ".join(f"{count} {what}" for what, count in sorted(self.done.items()))
        closed = f"; closed as killed: {', '.join(self.closed)}" if self.closed else ""
        return f"MLflow shows {self.name}: runs {done}{closed}"


def mirror(outputs: Outputs) -> Mirrored:
    """Make the store show these outputs; what it shows already stays as it is.

    Args:
        outputs: Of a finished run of the pipeline.

    Raises:
        DataError: The outputs are incomplete.
    """
    outputs.check_evaluated()
    store = open_store(outputs.params["tracking"]["experiment"])
    # Two at once would both find nothing and both write.
    with FileLock(state_folder() / "mirror.lock"):
        closed = close_dead(store)
        done: Counter[str] = Counter()
        parent = _living_parent(store, outputs)
        done["kept" if parent else "written"] += 1
        run_id = parent.info.run_id if parent else _open_parent(store, outputs)
        for fold in outputs.folds:
            done[_mirror_fold(store, outputs, fold, run_id)] += 1
        if not parent:
            _fill_parent(store, outputs, run_id)
        name = _name_parent(store, outputs, run_id)
        stamp(outputs, run_id)
    return Mirrored(name, run_id, done, closed)


def _living_parent(store: Store, outputs: Outputs) -> Run | None:
    """The experiment's run where it is whole and true; others of its key are deleted."""
    curves, results = outputs.table("metrics/curves.csv"), digest(outputs.results)
    true = None
    for run in store.find(kind="experiment", key=outputs.key):
        whole = run.info.status == "FINISHED" and run.data.tags.get("results") == results
        if not true and whole and rows_agree(store.client, run.info.run_id, curves):
            true = run
        else:
            store.client.delete_run(run.info.run_id)
    return true


def _open_parent(store: Store, outputs: Outputs) -> str:
    engines = [outputs.engine(fold) for fold in outputs.folds]
    tags = {
        "kind": "experiment",
        "backbone": outputs.backbone,
        "key": outputs.key,
        "results": digest(outputs.results),
        **{name: ", ".join(sorted({e[name] for e in engines})) for name in engines[0]},
        **provenance(outputs.origin, outputs.lock, outputs.backbone),
    }
    run = store.client.create_run(store.experiment, run_name=outputs.backbone, tags=tags)
    run_id: str = run.info.run_id
    return run_id


def _fill_parent(store: Store, outputs: Outputs, run_id: str) -> None:
    """Log mean curves, scores, costs, parameters, figures and tables, and close the run."""
    client, now = store.client, int(time.time() * 1000)
    params = [Param(key, str(value)) for key, value in flatten(outputs.params).items()]
    summary = outputs.summary
    scores = {
        **{f"cv_{name}_mean": summary[name]["mean"] for name in _SCORES},
        **{f"cv_{name}_std": summary[name]["std"] for name in _SCORES},
        "empty_map_iou": summary["empty_map_iou"],
        "tiles": summary["tiles"],
        **summary["network"],
        **_costs(store, run_id),
    }
    client.log_batch(run_id, [Metric(k, float(v), now, 0) for k, v in scores.items()], params)
    log_rows(client, run_id, outputs.table("metrics/curves.csv"))
    data_digest = client.get_run(run_id).data.tags.get("data_digest")
    log_data(client, run_id, outputs.params["dataset"], data_digest)
    with tempfile.TemporaryDirectory() as folder:
        for path in ("params.yaml", "dvc.lock", *outputs.results):
            (Path(folder) / Path(path).name).write_bytes(outputs.read(path))
        client.log_artifacts(run_id, folder)
    client.set_terminated(run_id, status="FINISHED")


def _costs(store: Store, parent: str) -> dict[str, float]:
    """Time and memory over all folds; nothing where one was rebuilt."""
    seconds: list[float] = []
    memory: list[float] = []
    for run in store.find(**{PARENT: parent}):
        times, peaks = (
            [point.value for point in store.client.get_metric_history(run.info.run_id, name)]
            for name in COSTS
        )
        if not times:
            return {}
        # The first epoch compiles the network.
        seconds += times[1:] or times
        memory.append(max(peaks))
    return {"epoch_seconds": float(np.median(seconds)), "peak_memory_mib": max(memory)}


def _name_parent(store: Store, outputs: Outputs, run_id: str) -> str:
    """Name the run after its backbone and every experiment that gave these very outputs."""
    tags = store.client.get_run(run_id).data.tags
    known = {*tags.get("dvc_experiment", "").split(", "), outputs.origin.experiment} - {"", None}
    names = ", ".join(sorted(str(name) for name in known))
    title = f"{outputs.backbone} {names}".strip()
    if names != tags.get("dvc_experiment", ""):
        store.client.set_tag(run_id, "dvc_experiment", names)
    if title != tags["mlflow.runName"]:
        store.client.update_run(run_id, name=title)
    return title


def _mirror_fold(store: Store, outputs: Outputs, fold: int, parent: str) -> str:
    """Give the parent a true run of one fold; returns what was done."""
    client, history = store.client, outputs.history(fold)
    true = []
    for run in store.find(kind="fold", key=outputs.fold_keys[fold]):
        if run.info.status != "FINISHED":
            continue
        if rows_agree(client, run.info.run_id, history):
            true.append(run)
        else:
            client.delete_run(run.info.run_id)
    own = [run for run in true if run.data.tags.get(PARENT) == parent]
    orphans = [run for run in true if _is_orphan(store, run)]
    if not own and orphans:
        client.set_tag(orphans[0].info.run_id, PARENT, parent)
    # Twins: a fold trained again to the same end.
    for run in (own + orphans)[1:]:
        client.delete_run(run.info.run_id)
    if own or orphans:
        return "kept" if own else "adopted"
    _write_fold(store, outputs, fold, parent, source=true[0] if true else None)
    return "copied" if true else "written"


def _is_orphan(store: Store, run: Run) -> bool:
    parent = run.data.tags.get(PARENT)
    return not parent or store.client.get_run(parent).info.lifecycle_stage != "active"


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
