"""Where runs are kept, and that several processes can open the store at once."""

import shutil
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from mlflow.exceptions import MlflowException

from saltseg.errors import TrackingError
from saltseg.tracking.mirror import mirror
from saltseg.tracking.stamps import _is_there
from saltseg.tracking.store import _create_experiment, flatten, open_store
from saltseg.tracking.uri import tracking_uri
from tests.runs.sample import WriteOutputs

WRITE = """
import sys
from saltseg.tracking.store import open_store
client, experiment = open_store("shared")
run_id = client.create_run(experiment, run_name=sys.argv[1]).info.run_id
for step in range(5):
    client.log_metric(run_id, "loss", step / 2, step=step)
client.set_terminated(run_id)
"""


def test_experiment_is_made_once(root: Path) -> None:
    (client, first), (_, second) = open_store("salt"), open_store("salt")
    assert first == second
    assert open_store("other")[1] != first
    experiment = client.get_experiment(first)
    assert experiment.name == "salt"
    assert experiment.tags["mlflow.experimentKind"] == "custom_model_development"
    assert (root / "mlflow.db").is_file()


def test_an_experiment_that_another_machine_has_just_made_is_taken(root: Path) -> None:
    store = open_store("of many")
    # What comes next where a server is asked by two at once: both have found none before.
    assert _create_experiment(store.client, "of many", None) == store.experiment
    with pytest.raises(MlflowException):
        _create_experiment(store.client, "", None)


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


def test_a_database_that_was_moved_does_not_write_to_where_it_was(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store("salt")
    (tmp_path / ".dvc").mkdir()
    shutil.copy(root / "mlflow.db", tmp_path)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(TrackingError, match=r"mlflow.db was made elsewhere and writes to .*track"):
        open_store("salt")
    # A database of a team is shared on purpose.
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{root / 'mlflow.db'}")
    open_store("salt")


def test_any_folder_and_any_name_will_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = tmp_path / "it's 50%20 was?uri=true#größe"
    (root / ".dvc").mkdir(parents=True)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    monkeypatch.setenv("DVC_ROOT", str(root))
    monkeypatch.chdir(tmp_path)
    for name in ("salt", "team/salt", "/x/y", "..", "it's"):
        client, experiment = open_store(name)
        run_id = client.create_run(experiment).info.run_id
        client.log_text(run_id, name, "a.txt")
        assert open_store(name)[1] == experiment
        (file,) = [path for path in root.rglob("a.txt") if path.read_text() == name]
        assert file.relative_to(root).parts[0] == "mlartifacts"
        assert len(file.relative_to(root).parts) == 5
        assert _is_there(tracking_uri(), run_id)
    assert not _is_there(tracking_uri(), "0" * 32)
    assert [path.name for path in root.glob("*.db")] == ["mlflow.db"]
    assert list(tmp_path.iterdir()) == [root]


def test_a_database_of_a_relative_uri_outlives_a_throw_away_copy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    copy = tmp_path / ".dvc/tmp/exps/copy"
    copy.mkdir(parents=True)
    monkeypatch.chdir(copy)
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "sqlite:///stores/team.db")
    client, experiment = open_store("team")
    client.log_text(client.create_run(experiment).info.run_id, "kept", "a.txt")
    assert not list(copy.iterdir())
    assert (tmp_path / "stores/team.db").is_file()
    assert len(list((tmp_path / "mlartifacts/team").rglob("a.txt"))) == 1
    # MLflow makes this one with the database, its files below the current folder.
    with pytest.raises(
        TrackingError, match=r"'Default' keeps its files in .*another name by track"
    ):
        open_store("Default")


def test_a_database_of_another_version_says_how_to_go_on(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store("salt")
    database = tmp_path / "other.db"
    shutil.copy(root / "mlflow.db", database)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{database}")
    with sqlite3.connect(database) as edited:
        edited.execute("update alembic_version set version_num = 'cbc13b556ace'")
    with pytest.raises(
        TrackingError, match=r"out-of-date .*`mlflow db upgrade sqlite:///.*`"
    ) as caught:
        open_store("salt")
    assert "\n" not in str(caught.value)


def test_a_database_that_was_left_half_made_says_how_to_go_on(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_store("salt")
    database = tmp_path / "half.db"
    shutil.copy(root / "mlflow.db", database)
    with sqlite3.connect(database) as edited:
        edited.execute("drop table latest_metrics")
        edited.execute("delete from alembic_version")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{database}")
    with pytest.raises(TrackingError, match="left half made: remove it, and `saltseg track --all`"):
        open_store("salt")


@pytest.mark.slow
def test_killed_while_it_makes_the_database_it_leaves_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that is half made MLflow would never open again."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    code = "from saltseg.tracking.store import open_store; open_store('salt')"
    state = tmp_path / ".saltseg"
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) as making:
        while not any(path.stat().st_size for path in state.glob("draft-*/mlflow.db")):
            assert making.poll() is None, making.communicate()
            time.sleep(0.01)
        making.kill()
    assert not (tmp_path / "mlflow.db").exists()
    client, experiment = open_store("salt")
    client.create_run(experiment)
    assert (tmp_path / "mlflow.db").is_file()
    assert not list(state.glob("draft-*"))


def test_a_tag_may_hold_an_apostrophe(root: Path) -> None:
    store = open_store("quoted")
    for value in ("o'x", 'o"x', "ox"):
        store.client.create_run(store.experiment, run_name=value, tags={"root": value, "k": "v"})
        assert [run.info.run_name for run in store.find(root=value, k="v")] == [value]


def test_deleted_experiment_is_used_again(root: Path) -> None:
    client, experiment = open_store("deleted")
    client.delete_experiment(experiment)
    client, experiment = open_store("deleted")
    assert client.create_run(experiment).info.experiment_id == experiment


@pytest.mark.slow
def test_four_processes_that_open_a_new_store_at_once_lose_nothing(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    names = [f"writer {number}" for number in range(4)]
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE, name],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        for name in names
    ]
    printed = [process.communicate(timeout=300)[0] for process in running]
    assert [process.returncode for process in running] == [0] * 4, printed
    store = open_store("shared")
    runs = store.client.search_runs([store.experiment])
    assert sorted(run.info.run_name for run in runs) == names
    for run in runs:
        assert run.info.status == "FINISHED"
        points = store.client.get_metric_history(run.info.run_id, "loss")
        assert sorted((point.step, point.value) for point in points) == [
            (step, step / 2) for step in range(5)
        ]


def test_runs_are_found_by_tags_beyond_one_page(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("saltseg.tracking.store.PAGE", 2)
    store = open_store("many")
    client = store.client
    for number in range(3):
        client.create_run(store.experiment, run_name=str(number), tags={"kind": "fold"})
    client.create_run(store.experiment, tags={"kind": "other"})
    assert [run.info.run_name for run in store.find(kind="fold")] == ["2", "1", "0"]
    assert store.find(kind="fold", key="x") == []


@pytest.mark.parametrize("uri", ["http://127.0.0.1:9", "sqlite:///{}/no.db", "file://{}/mlruns"])
def test_store_that_cannot_be_opened_is_one_line(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str
) -> None:
    (tmp_path / "no.db").write_text("This is no database, though it is long enough for one." * 9)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri.format(tmp_path))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    with pytest.raises(TrackingError, match=r"cannot be used .* MLFLOW_TRACKING_URI") as caught:
        open_store("salt")
    assert "\n" not in str(caught.value)


def test_store_that_breaks_after_it_was_opened_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, write_outputs: WriteOutputs
) -> None:
    database = tmp_path / "breaking.db"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{database}")
    outputs = write_outputs("lossy-lynx")
    open_store(outputs.params["tracking"]["experiment"])
    with sqlite3.connect(database) as broken:
        broken.execute("drop table params")
    with pytest.raises(TrackingError, match=r"cannot be used .*no such table") as caught:
        mirror(outputs)
    assert "\n" not in str(caught.value)


def test_flatten() -> None:
    tree = {"a": {"b": 1, "c": {"d": [2, 3]}}, "e": None}
    assert flatten(tree) == {"a.b": 1, "a.c.d": [2, 3], "e": None}
