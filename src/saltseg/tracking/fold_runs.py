"""How a trained fold looks in MLflow, whether it was watched live or is written afterwards."""

import json
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput, InputTag, Metric, Param
from mlflow.exceptions import MlflowException

from saltseg.tracking.stamps import unstamp
from saltseg.tracking.store import Store, flatten, store_errors

PARENT = "mlflow.parentRunId"
"""Tag by which MLflow nests a run below another."""

FILES = {"history.csv", "learning_curves.png"}
"""Artifacts of a fold."""

COSTS = ("epoch_seconds", "peak_memory_mib")
"""Metrics that only a live run can know."""


@store_errors()
def open_fold_run(
    store: Store, params: Mapping[str, Any], fold: int, tags: Mapping[str, str], start: int
) -> str:
    """Start the run of a fold.

    One without a parent is for the next mirror to adopt, or to clear where the fold is shown
    already (after `dvc repro --force`).

    Args:
        store: Where.
        params: All parameters; those that training uses are logged.
        fold: The fold held out.
        tags: Its `key` and where it comes from.
        start: When it began, milliseconds since 1970.

    Returns:
        The run's id.
    """
    backbone = params["backbone"]
    tags = {"backbone": backbone, "fold": str(fold), "kind": "fold", **tags}
    title = f"{backbone} fold {fold}"
    run = store.client.create_run(store.experiment, start_time=start, run_name=title, tags=tags)
    used = {key: group for key, group in params.items() if key not in ("evaluate", "tracking")}
    used["train"] = {key: value for key, value in params["train"].items() if key != "folds"}
    run_id: str = run.info.run_id
    logged = [Param(key, str(value)) for key, value in flatten({"fold": fold, **used}).items()]
    store.client.log_batch(run_id, params=logged)
    log_data(store.client, run_id, params["dataset"], tags.get("data_digest"))
    if PARENT not in tags:
        unstamp(tags.get("key", ""))
    return run_id


def log_data(client: MlflowClient, run_id: str, dataset: str, digest: str | None) -> None:
    """Say which data a run used.

    Args:
        client: Talks to the store.
        run_id: The run.
        dataset: As in the parameters.
        digest: Of the survey as read; None where it is not known, then nothing is said.
    """
    if digest:
        source = json.dumps({"uri": dataset})
        data = Dataset(Path(dataset).stem, digest, source_type="local", source=source)
        tags = [InputTag("mlflow.data.context", "training")]
        try:
            client.log_inputs(run_id, [DatasetInput(data, tags)])
        except MlflowException:  # another fold named the same data just now: there it is
            client.log_inputs(run_id, [DatasetInput(data, tags)])


def log_rows(client: MlflowClient, run_id: str, rows: pd.DataFrame) -> None:
    """Log a table with a row per `epoch` as one curve per other column."""
    now = int(time.time() * 1000)
    points = [
        Metric(str(name), float(value), now, int(epoch))
        for name in rows.columns.drop("epoch")
        for epoch, value in zip(rows["epoch"], rows[name], strict=True)
    ]
    # MLflow takes a thousand at once.
    for start in range(0, len(points), 1000):
        client.log_batch(run_id, metrics=points[start : start + 1000])


def rows_agree(client: MlflowClient, run_id: str, rows: pd.DataFrame) -> bool:
    """Whether the curves of a run are those of the table: each point once, with its value."""
    for name in rows.columns.drop("epoch"):
        points = client.get_metric_history(run_id, name)
        logged = sorted((point.step, point.value) for point in points)
        if [step for step, _ in logged] != rows["epoch"].tolist():
            return False
        if not np.allclose([value for _, value in logged], rows[name], rtol=1e-6, equal_nan=True):
            return False
    return True


def log_result(client: MlflowClient, run_id: str, history: pd.DataFrame, title: str) -> None:
    """Log the learning curves as table and picture, and the best score.

    Args:
        client: Talks to the store.
        run_id: Run of the fold.
        history: One row per epoch.
        title: Line above the picture.
    """
    # matplotlib takes most of a second to import, and mostly there is nothing to draw.
    from saltseg.figures.curves import learning_curves

    client.log_metric(run_id, "best_val_map_iou", float(history["val_map_iou"].max()))
    with tempfile.TemporaryDirectory() as folder:
        table, picture = Path(folder) / "history.csv", Path(folder) / "learning_curves.png"
        history.to_csv(table, index=False)
        learning_curves(history.assign(fold=0), title, picture)
        client.log_artifacts(run_id, folder)
