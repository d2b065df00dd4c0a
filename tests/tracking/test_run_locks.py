"""A run whose process was killed is closed; one that is being written is left alone."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from saltseg.tracking.run_locks import alive, close_dead, writer_tags
from saltseg.tracking.store import Store, open_store

TRAIN = """
import time
from saltseg.params import load_params
from saltseg.tracking.run_locks import alive, writer_tags
from saltseg.tracking.store import open_store
store = open_store("liveness")
def begin():
    tags = {"kind": "fold", **writer_tags()}
    return store.client.create_run(store.experiment, run_name="killed", tags=tags).info.run_id
with alive(begin) as run_id:
    print(run_id, flush=True)
    time.sleep(300)
"""


@pytest.fixture
def store(root: Path) -> Store:
    return open_store("liveness")


def open_run(store: Store, name: str, **tags: str) -> str:
    run = store.client.create_run(store.experiment, run_name=name, tags={"kind": "fold", **tags})
    return str(run.info.run_id)


def status(store: Store, run_id: str) -> str:
    return str(store.client.get_run(run_id).info.status)


def test_killed_process_leaves_a_run_that_is_closed_as_killed(store: Store, root: Path) -> None:
    process = subprocess.Popen([sys.executable, "-c", TRAIN], stdout=subprocess.PIPE, text=True)
    assert process.stdout
    run_id = process.stdout.readline().strip()
    assert close_dead(store) == []
    assert status(store, run_id) == "RUNNING"
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=60)
    assert close_dead(store) == ["killed"]
    assert status(store, run_id) == "KILLED"
    assert list((root / ".saltseg/running").iterdir()) == []


def test_runs_of_this_process_and_of_other_machines_are_left_alone(store: Store) -> None:
    elsewhere = open_run(store, "elsewhere", host="another-machine", root=writer_tags()["root"])
    clone = open_run(store, "another clone", host=writer_tags()["host"], root="/another/clone")
    with alive(lambda: open_run(store, "here", **writer_tags())) as run_id:
        assert close_dead(store) == []
        assert status(store, run_id) == "RUNNING"
    assert status(store, elsewhere) == status(store, clone) == "RUNNING"


def test_run_that_ends_well_while_one_looks_is_not_called_killed(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = open_run(store, "just in time", **writer_tags())
    seen = store.client.get_run(run_id)
    store.client.set_terminated(run_id)
    monkeypatch.setattr(Store, "find", lambda *_, **__: [seen])
    assert close_dead(store) == []
    assert status(store, run_id) == "FINISHED"


def test_run_of_this_machine_without_any_lock_is_dead(store: Store) -> None:
    run_id = open_run(store, "before a crash", **writer_tags())
    assert "before a crash" in close_dead(store)
    assert status(store, run_id) == "KILLED"
