"""A fold as an MLflow run, in a real store."""

import socket
import sqlite3
from pathlib import Path

import keras
import numpy as np
import pandas as pd
import pytest
from mlflow import MlflowClient
from mlflow.entities import Run

from saltseg.errors import TrackingError
from saltseg.params import Params
from saltseg.tracking.live import live_fold
from saltseg.tracking.store import open_store
from saltseg.tracking.uri import tracking_uri

EPOCHS = [
    {"loss": 1.5, "val_map_iou": 0.4, "learning_rate": 0.1},
    {"loss": 0.5, "val_map_iou": 0.7, "learning_rate": 0.1},
    {"loss": 0.4, "val_map_iou": 0.6, "learning_rate": 0.05},
]


ENGINE = {"engine": "tensorflow", "key": "0123"}


@pytest.fixture(scope="module")
def client(root: Path) -> MlflowClient:
    return MlflowClient(tracking_uri())


@pytest.fixture(scope="module")
def run_id(root: Path, params: Params) -> str:
    """A fold of three epochs, the first of which another process had finished."""
    rows = [
        {**logs, "epoch": epoch, "iou": 0.5, "map_iou": 0.5, "val_loss": 1.0, "val_iou": 0.5}
        for epoch, logs in enumerate(EPOCHS, start=1)
    ]
    with live_fold(params, fold=2, tags=ENGINE) as live:
        live.log_finished(EPOCHS[:1])
        for epoch, logs in enumerate(EPOCHS[1:], start=1):
            live.log_epoch(epoch, logs)
        live.log_history(pd.DataFrame(rows))
    return live.run_id


@pytest.fixture
def run(client: MlflowClient, run_id: str) -> Run:
    return client.get_run(run_id)


def test_run_is_named_and_finished(run: Run, params: Params) -> None:
    assert run.info.run_name == f"{params.backbone} fold 2"
    assert run.info.status == "FINISHED"
    assert run.info.end_time is not None


def test_tags_tell_what_it_is_and_what_computed_it(run: Run, params: Params) -> None:
    tags = run.data.tags
    assert (tags["backbone"], tags["fold"], tags["kind"]) == (params.backbone, "2", "fold")
    assert (tags["engine"], tags["key"]) == ("tensorflow", "0123")
    assert tags["host"] == socket.gethostname()


def test_params_are_those_that_training_uses(run: Run, params: Params) -> None:
    logged = run.data.params
    assert logged["fold"] == "2"
    assert logged["train.augment.shift"] == str(params.train.augment.shift)
    assert logged["preprocess.channels"] == str(params.preprocess.channels)
    assert logged["train.learning_rate"] == str(params.train.learning_rate)
    unused = [key for key in logged if key.startswith(("evaluate", "tracking", "train.folds"))]
    assert unused == []


@pytest.mark.parametrize("name", EPOCHS[0])
def test_every_epoch_is_a_step_counted_from_1(client: MlflowClient, run_id: str, name: str) -> None:
    points = client.get_metric_history(run_id, name)
    expected = [(step, logs[name]) for step, logs in enumerate(EPOCHS, start=1)]
    assert sorted((point.step, point.value) for point in points) == expected


def test_every_epoch_seen_has_its_cost(client: MlflowClient, run_id: str) -> None:
    seconds = [point.value for point in client.get_metric_history(run_id, "epoch_seconds")]
    memory = [point.value for point in client.get_metric_history(run_id, "peak_memory_mib")]
    assert len(seconds) == len(memory) == len(EPOCHS) - 1
    assert all(0 <= value < 60 for value in seconds)
    assert all(50 < value < 50_000 for value in memory)


def test_best_score(run: Run) -> None:
    assert run.data.metrics["best_val_map_iou"] == 0.7


def test_learning_curves_are_table_and_picture(
    client: MlflowClient, root: Path, run_id: str
) -> None:
    names = {artifact.path for artifact in client.list_artifacts(run_id)}
    assert names == {"history.csv", "learning_curves.png"}
    folder = root / "mlartifacts" / "saltseg" / run_id / "artifacts"
    assert pd.read_csv(folder / "history.csv")["loss"].tolist() == [1.5, 0.5, 0.4]
    assert (folder / "learning_curves.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("error", "status"),
    [(ValueError, "FAILED"), (SystemExit, "FAILED"), (KeyboardInterrupt, "KILLED")],
)
def test_failed_run_is_closed(
    client: MlflowClient, params: Params, error: type[BaseException], status: str
) -> None:
    opened = []

    def fail() -> None:
        with live_fold(params, fold=0, tags={}) as live:
            opened.append(live.run_id)
            raise error

    with pytest.raises(error):
        fail()
    assert client.get_run(opened[0]).info.status == status


def test_store_that_takes_no_run_is_one_line(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, params: Params
) -> None:
    database = tmp_path / "old.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{database}")
    open_store(params.tracking.experiment)
    with sqlite3.connect(database) as broken:
        broken.execute("drop table params")
    with (
        pytest.raises(TrackingError, match=r"cannot be used .*no such table"),
        live_fold(params, fold=0, tags={}),
    ):
        pass


def test_store_that_forgets_the_run_does_not_stop_the_training(
    root: Path, params: Params, capsys: pytest.CaptureFixture[str]
) -> None:
    """The database is replaced while a fold is trained: told once, and nothing raised."""
    with live_fold(params, fold=0, tags={}) as live:
        with sqlite3.connect(root / "mlflow.db") as database:
            database.execute("delete from runs where run_uuid = ?", (live.run_id,))
        for epoch, logs in enumerate(EPOCHS):
            live.log_epoch(epoch, logs)
        live.log_history(pd.DataFrame(EPOCHS).assign(epoch=[1, 2, 3]))
    printed = capsys.readouterr().err
    assert printed.count("MLflow does not take the log") == 1
    assert "saltseg track" in printed


def test_a_broken_store_is_told_in_a_line(
    root: Path, params: Params, capsys: pytest.CaptureFixture[str]
) -> None:
    with live_fold(params, fold=0, tags={}) as live:
        with sqlite3.connect(root / "mlflow.db") as database:
            database.execute("alter table metrics rename to lost")
        for epoch, logs in enumerate(EPOCHS):
            live.log_epoch(epoch, logs)
        with sqlite3.connect(root / "mlflow.db") as database:
            database.execute("alter table lost rename to metrics")
    (line,) = capsys.readouterr().err.strip().splitlines()
    assert "MLflow does not take the log (no such table: metrics); training goes on" in line


def test_callback_logs_what_keras_reports(
    engine: None, client: MlflowClient, params: Params
) -> None:
    model = keras.Sequential([keras.layers.Input((1,)), keras.layers.Dense(1)])
    model.compile("sgd", "mse", run_eagerly=True)
    ones = np.ones((2, 1), np.float32)
    with live_fold(params, fold=1, tags={}) as live:
        fitted = model.fit(ones, 3 * ones, epochs=2, verbose=0, callbacks=[live.callback()])
    points = client.get_metric_history(live.run_id, "loss")
    expected = list(enumerate(fitted.history["loss"], start=1))
    assert sorted((point.step, point.value) for point in points) == expected
