"""Where runs are kept, and that several processes can open the store at once."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from saltseg.tracking.store import flatten, open_store, project_root, tracking_uri

OPEN = """
from saltseg.tracking.store import open_store
client, experiment = open_store("shared")
client.create_run(experiment)
print(experiment)
"""


def test_experiment_is_made_once(root: Path) -> None:
    (client, first), (_, second) = open_store("salt"), open_store("salt")
    assert first == second
    assert open_store("other")[1] != first
    experiment = client.get_experiment(first)
    assert experiment.name == "salt"
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    assert (root / "mlflow.db").is_file()


def test_artifacts_lie_below_the_root_from_anywhere(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "deep" / "er").mkdir(parents=True)
    monkeypatch.chdir(root / "deep" / "er")
    client, experiment = open_store("anywhere")
    location = client.get_experiment(experiment).artifact_location
    assert location == (root / "mlartifacts" / "anywhere").as_uri()
    assert not (root / "deep" / "er" / "mlruns").exists()


def test_tracking_uri_of_the_environment_is_used(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'team.db'}")
    client, experiment = open_store("team")
    assert (tmp_path / "team.db").is_file()
    assert client.get_experiment(experiment).name == "team"
    monkeypatch.delenv("MLFLOW_TRACKING_URI")
    assert open_store("salt")[0].get_experiment_by_name("team") is None


def test_deleted_experiment_is_used_again(root: Path) -> None:
    client, experiment = open_store("deleted")
    client.delete_experiment(experiment)
    client, experiment = open_store("deleted")
    assert client.create_run(experiment).info.experiment_id == experiment


def test_dvc_root_goes_before_the_current_folder(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DVC sets it in a throw-away copy, which has a .dvc folder too."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    assert project_root() == tmp_path
    assert tracking_uri(project_root()) == f"sqlite:///{tmp_path / 'mlflow.db'}"


def test_root_is_the_nearest_folder_with_dvc(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(root / "a" / "b")
    assert project_root() == root
    monkeypatch.chdir(tmp_path)
    assert project_root() == tmp_path


@pytest.mark.slow
def test_processes_that_open_a_new_store_at_once(root: Path, tmp_path: Path) -> None:
    environment = {**os.environ, "DVC_ROOT": str(tmp_path), "MLFLOW_TRACKING_URI": ""}
    running = [
        subprocess.Popen(
            [sys.executable, "-c", OPEN],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    answers = [process.communicate(timeout=300) for process in running]
    assert [process.returncode for process in running] == [0] * 4, answers
    assert len({out.split()[-1] for out, _ in answers}) == 1


def test_flatten() -> None:
    tree = {"a": {"b": 1, "c": {"d": [2, 3]}}, "e": None}
    assert flatten(tree) == {"a.b": 1, "a.c.d": [2, 3], "e": None}
