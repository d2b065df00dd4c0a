"""How a whole experiment looks in MLflow: mean curves, scores, costs, figures; its folds below."""

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from mlflow.entities import Metric, Param, Run

from saltseg.runs.keys import digest
from saltseg.runs.lock import write_lock
from saltseg.runs.outputs import Outputs, run_title
from saltseg.runs.provenance import provenance
from saltseg.scoring.scores import SCORES
from saltseg.scoring.summary import headline
from saltseg.tracking.fold_runs import COSTS, PARENT, log_data, log_rows, rows_agree
from saltseg.tracking.store import Store, flatten


def valid_parent(store: Store, outputs: Outputs) -> Run | None:
    """The experiment's run where it is whole and true; others of its key are deleted."""
    curves, results = outputs.table("metrics/curves.csv"), digest(outputs.results)
    files = {"params.yaml", "dvc.lock", *(Path(path).name for path in outputs.results)}
    true = None
    for run in store.find(kind="experiment", key=outputs.key):
        run_id = run.info.run_id
        whole = run.info.status == "FINISHED" and files <= store.files(run_id)
        same = whole and run.data.tags.get("results") == results
        if not true and same and rows_agree(store.client, run_id, curves):
            true = run
        else:
            store.client.delete_run(run_id)
    return true


def open_parent(store: Store, outputs: Outputs, start: int | None) -> str:
    """Start the run of an experiment.

    Args:
        store: Where.
        outputs: The experiment's.
        start: When it began, milliseconds since 1970; None for now.

    Returns:
        The run's id.
    """
    engines = [outputs.engine(fold) for fold in outputs.folds]
    tags = {
        "kind": "experiment",
        "backbone": outputs.backbone,
        "key": outputs.key,
        "results": digest(outputs.results),
        **{name: ", ".join(sorted({e[name] for e in engines})) for name in engines[0]},
        **provenance(outputs.origin, outputs.lock, outputs.backbone),
    }
    run = store.client.create_run(
        store.experiment, start_time=start, run_name=outputs.backbone, tags=tags
    )
    return str(run.info.run_id)


def fill_parent(store: Store, outputs: Outputs, run_id: str) -> None:
    """Log mean curves, scores, costs, parameters, figures and tables."""
    client, now = store.client, int(time.time() * 1000)
    params = [Param(key, str(value)) for key, value in flatten(outputs.params).items()]
    scores = {**_scores(outputs.summary), **_costs(store, run_id)}
    client.log_batch(run_id, [Metric(k, float(v), now, 0) for k, v in scores.items()], params)
    log_rows(client, run_id, outputs.table("metrics/curves.csv"))
    data_digest = client.get_run(run_id).data.tags.get("data_digest")
    log_data(client, run_id, outputs.params["dataset"], data_digest)
    with tempfile.TemporaryDirectory() as folder:
        for path in ("params.yaml", *outputs.results):
            (Path(folder) / Path(path).name).write_bytes(outputs.read(path))
        write_lock(outputs.lock, Path(folder) / "dvc.lock")
        client.log_artifacts(run_id, folder)


def _scores(details: Mapping[str, Any]) -> dict[str, float]:
    """The dozen of metrics/summary.json: more would hide the one that matters; files hold all."""
    metrics: dict[str, float] = {}
    for name, found in headline(details).items():
        if name in {score.name for score in SCORES}:
            # Apart from the learning curves, which are called so.
            metrics |= {f"cv_{name}_{part}": value for part, value in found.items()}
        elif name in ("calibration", "network"):
            metrics |= {key: value for key, value in found.items() if value is not None}
        elif isinstance(found, Mapping):
            metrics |= {f"{name}_{key}": value for key, value in found.items()}
        else:
            metrics[name] = found
    return metrics


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


def name_parent(store: Store, outputs: Outputs, run_id: str) -> str:
    """Name the run after its backbone and the newest experiment that gave these very outputs.

    The tag `dvc_experiment` holds all of them, the newest last: names that it had before it was
    renamed, too. The run is still found by each.
    """
    tags = store.client.get_run(run_id).data.tags
    before = [name for name in tags.get("dvc_experiment", "").split(", ") if name]
    own = outputs.origin.experiment
    names = [name for name in before if name != own] + [own] if own else before
    if names != before:
        store.client.set_tag(run_id, "dvc_experiment", ", ".join(names))
    title = run_title(outputs.backbone, names[-1] if names else None)
    if title != tags["mlflow.runName"]:
        store.client.update_run(run_id, name=title)
    return title
