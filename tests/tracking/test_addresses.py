"""Addresses of MLflow's pages, of one's own `mlflow ui` and of a server; a browser opens them in
tests/browser."""

from pathlib import Path
from urllib.parse import unquote

import pytest

from saltseg.tracking.addresses import curves_sentence, runs_sentence


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A project with a store of its own."""
    (tmp_path / ".dvc").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


@pytest.mark.usefixtures("here")
def test_those_of_ones_own_store_need_the_server_started() -> None:
    assert runs_sentence("7") == (
        "Curves: `mlflow ui`, then"
        " http://127.0.0.1:5000/#/experiments/7/runs?viewStateShareKey=runs"
    )
    told = unquote(curves_sentence("7", ["ab", "cd"], "val_map_iou"))
    assert '/#/metric?runs=["ab","cd"]&metric="val_map_iou"&experiments=["7"]&' in told


@pytest.mark.usefixtures("here")
def test_a_server_has_them_already(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "https://mlflow.example.org/")
    (told,) = (word for word in runs_sentence("7").split() if "/#/" in word)
    assert told.startswith("https://mlflow.example.org/#/experiments/7/runs?")
