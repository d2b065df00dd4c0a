"""Training seen while it runs: one MLflow run per fold, its curves point by point."""

import resource
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import keras
import pandas as pd
from mlflow import MlflowClient
from mlflow.entities import Metric
from mlflow.exceptions import MlflowException
from sqlalchemy.exc import SQLAlchemyError

from saltseg.params import Params
from saltseg.runs.lock import read_lock
from saltseg.runs.provenance import current_origin, provenance
from saltseg.tracking.fold_runs import log_result, open_fold_run
from saltseg.tracking.run_locks import alive, close_dead, writer_tags
from saltseg.tracking.store import open_store, reason


class LiveFold:
    """The MLflow run of one fold that is being trained.

    Where the store breaks meanwhile, training goes on unseen: what is missing in it, the track
    stage writes from the outputs.
    """

    def __init__(self, client: MlflowClient, run_id: str, title: str) -> None:
        """Wrap a run that exists."""
        self._client, self.run_id, self._title = client, run_id, title
        self._began = time.monotonic()
        self._broken = False

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
        self._log_step(epoch + 1, {**logs, **cost})

    def log_finished(self, rows: Sequence[Mapping[str, float]]) -> None:
        """Log the epochs that another process had finished, the first one first."""
        for step, row in enumerate(rows, start=1):
            self._log_step(step, row)

    def log_history(self, history: pd.DataFrame) -> None:
        """Log the learning curves, a row per epoch, as table and picture, and the best score."""
        with self._unless_broken():
            log_result(self._client, self.run_id, history, self._title)

    def close(self, status: str) -> None:
        """End the run as FINISHED, FAILED or KILLED."""
        with self._unless_broken():
            self._client.set_terminated(self.run_id, status=status)

    def _log_step(self, step: int, values: Mapping[str, float]) -> None:
        now = int(time.time() * 1000)
        metrics = [Metric(key, float(value), now, step) for key, value in values.items()]
        with self._unless_broken():
            self._client.log_batch(self.run_id, metrics=metrics)

    @contextmanager
    def _unless_broken(self) -> Iterator[None]:
        try:
            yield
        except (MlflowException, SQLAlchemyError, OSError) as error:
            if not self._broken:
                print(
                    f"{self._title}: MLflow does not take the log ({reason(error)}); training goes"
                    " on, and `saltseg track` completes it afterwards",
                    file=sys.stderr,
                )
            self._broken = True


@contextmanager
def live_fold(params: Params, fold: int, tags: Mapping[str, str]) -> Iterator[LiveFold]:
    """Open a run for a fold; it is closed as FINISHED, KILLED (Ctrl-C) or FAILED.

    A process killed outright cannot close it; whoever opens the store next does.

    Args:
        params: All parameters; those of the run are logged as used.
        fold: The fold to be trained.
        tags: Its `key`, and what computes it.

    Raises:
        TrackingError: The store cannot be opened.
    """
    store = open_store(params.tracking.experiment)
    close_dead(store)
    lock = Path("dvc.lock")
    stages = read_lock(lock.read_bytes()) if lock.exists() else {}
    tags = {**provenance(current_origin(), stages, params.backbone), **tags, **writer_tags()}
    now = int(time.time() * 1000)
    with alive(lambda: open_fold_run(store, params.model_dump(), fold, tags, now)) as run_id:
        live = LiveFold(store.client, run_id, f"{params.backbone} fold {fold}")
        try:
            yield live
        except BaseException as error:
            live.close("KILLED" if isinstance(error, KeyboardInterrupt) else "FAILED")
            raise
        live.close("FINISHED")
