"""Training seen while it runs: one MLflow run per fold, its curves point by point."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric, Param

from saltseg import figures
from saltseg.params import Params
from saltseg.tracking.provenance import provenance
from saltseg.tracking.store import flatten, open_store
from saltseg.training.runtime import engine_versions


class LiveFold:
    """The MLflow run of one fold that is being trained."""

    def __init__(self, client: MlflowClient, run_id: str, title: str) -> None:
        """Wrap a run that exists."""
        self._client, self.run_id, self._title = client, run_id, title

    def callback(self) -> keras.callbacks.Callback:
        """A Keras callback that logs every epoch."""
        return keras.callbacks.LambdaCallback(on_epoch_end=self.log_epoch)

    def log_epoch(self, epoch: int, logs: Mapping[str, Any]) -> None:
        """Log the losses, metrics and learning rate of epoch `epoch` (from 0) as step epoch + 1."""
        now = int(time.time() * 1000)
        metrics = [Metric(key, float(value), now, epoch + 1) for key, value in logs.items()]
        self._client.log_batch(self.run_id, metrics=metrics)

    def log_history(self, history: pd.DataFrame, fold: int) -> None:
        """Log the learning curves as table and picture, and the best score.

        Args:
            history: One row per epoch.
            fold: The fold trained.
        """
        best = float(history["val_map_iou"].max())
        self._client.log_metric(self.run_id, "best_val_map_iou", best)
        with tempfile.TemporaryDirectory() as folder:
            table, picture = Path(folder) / "history.csv", Path(folder) / "learning_curves.png"
            history.to_csv(table, index=False)
            figures.learning_curves(history.assign(fold=fold), self._title, picture)
            self._client.log_artifacts(self.run_id, folder)


@contextmanager
def live_fold(params: Params, fold: int) -> Iterator[LiveFold]:
    """Open a run for a fold; it is closed as FINISHED, KILLED (Ctrl-C) or FAILED.

    Args:
        params: All parameters; those of the run are logged as used.
        fold: The fold to be trained.
    """
    client, experiment = open_store(params.tracking.experiment)
    title = f"{params.backbone} fold {fold}"
    tags = {"backbone": params.backbone, "fold": str(fold), "kind": "fold"}
    tags |= provenance(params.backbone) | engine_versions()
    run = client.create_run(experiment, run_name=title, tags=tags)
    run_id = run.info.run_id
    used = params.model_dump(exclude={"evaluate": True, "tracking": True, "train": {"folds"}})
    logged = [Param(key, str(value)) for key, value in flatten(used).items()]
    client.log_batch(run_id, params=[Param("fold", str(fold)), *logged])
    try:
        yield LiveFold(client, run_id, title)
    except BaseException as error:
        killed = isinstance(error, KeyboardInterrupt)
        client.set_terminated(run_id, status="KILLED" if killed else "FAILED")
        raise
    client.set_terminated(run_id, status="FINISHED")
