"""Training seen while it runs: one MLflow run per fold, its curves point by point."""

import resource
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric

from saltseg.params import Params
from saltseg.records.keys import fold_key, read_lock, running_inputs
from saltseg.records.provenance import current_origin, provenance
from saltseg.tracking.fold_runs import log_result, open_fold_run
from saltseg.tracking.liveness import alive, close_dead, here
from saltseg.tracking.store import open_store
from saltseg.training.runtime import engine_versions


class LiveFold:
    """The MLflow run of one fold that is being trained."""

    def __init__(self, client: MlflowClient, run_id: str, title: str) -> None:
        """Wrap a run that exists."""
        self._client, self.run_id, self._title = client, run_id, title
        self._began = time.monotonic()

    def callback(self) -> keras.callbacks.Callback:
        """A Keras callback that logs every epoch."""
        return keras.callbacks.LambdaCallback(
            on_epoch_begin=self._begin_epoch, on_epoch_end=self.log_epoch
        )

    def _begin_epoch(self, epoch: int, logs: Mapping[str, Any]) -> None:
        self._began = time.monotonic()

    def log_epoch(self, epoch: int, logs: Mapping[str, Any]) -> None:
        """Log epoch `epoch` (from 0) as step epoch + 1, with what it cost.

        Args:
            epoch: Its number.
            logs: Losses, metrics and learning rate.
        """
        # Linux counts the peak of the resident set in KiB.
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        cost = {"epoch_seconds": time.monotonic() - self._began, "peak_memory_mib": peak}
        now = int(time.time() * 1000)
        rows = {**logs, **cost}.items()
        metrics = [Metric(key, float(value), now, epoch + 1) for key, value in rows]
        self._client.log_batch(self.run_id, metrics=metrics)

    def log_history(self, history: pd.DataFrame) -> None:
        """Log the learning curves, a row per epoch, as table and picture, and the best score."""
        log_result(self._client, self.run_id, history, self._title)


@contextmanager
def live_fold(params: Params, fold: int) -> Iterator[LiveFold]:
    """Open a run for a fold; it is closed as FINISHED, KILLED (Ctrl-C) or FAILED.

    A process killed outright cannot close it; whoever opens the store next does.

    Args:
        params: All parameters; those of the run are logged as used.
        fold: The fold to be trained.
    """
    store = open_store(params.tracking.experiment)
    close_dead(store)
    lock = Path("dvc.lock")
    stages = read_lock(lock.read_text()) if lock.exists() else {}
    engine = engine_versions()
    tags = provenance(current_origin(), stages, params.backbone) | engine | here()
    if inputs := running_inputs():
        tags["key"] = fold_key(fold, inputs, engine)
    now = int(time.time() * 1000)
    with alive(lambda: open_fold_run(store, params.model_dump(), fold, tags, now)) as run_id:
        try:
            yield LiveFold(store.client, run_id, f"{params.backbone} fold {fold}")
        except BaseException as error:
            killed = isinstance(error, KeyboardInterrupt)
            store.client.set_terminated(run_id, status="KILLED" if killed else "FAILED")
            raise
        store.client.set_terminated(run_id, status="FINISHED")
