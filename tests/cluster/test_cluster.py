"""Five folds on three nodes of a cluster, one of which is killed in the middle: the same bytes."""

import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.cluster.services import (
    BUCKET,
    CREDENTIALS,
    POSTGRES,
    database,
    object_store,
    tracking_server,
)
from tests.pipeline.projects import Project, make_project

ray = pytest.importorskip("ray", reason="Ray is not installed: make test-cluster")
pytest.importorskip("moto", reason="moto is not installed: make test-cluster")
pytest.importorskip("dvc_s3", reason="dvc-s3 is not installed: make test-cluster")

pytestmark = [
    pytest.mark.cluster,
    pytest.mark.skipif(POSTGRES is None, reason="PostgreSQL is not installed"),
]

TRAIN = {"folds": [0, 1, 2, 3, 4], "threads": 1, "epochs": 12}


@pytest.fixture(scope="module")
def store() -> Iterator[str]:
    with object_store() as address:
        yield address


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("server")
    artifacts = folder / "artifacts"
    artifacts.mkdir()
    with database() as uri, tracking_server(uri, artifacts) as address:
        yield address


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory, store: str) -> Project:
    """A project with a remote in the store, in which nothing has run."""
    project = make_project(tmp_path_factory.mktemp("home") / "project")
    project.set_params(train=TRAIN)
    project.run("dvc", "remote", "add", "-d", "team", f"s3://{BUCKET}/dvc")
    project.run("dvc", "remote", "modify", "team", "endpointurl", store)
    project.commit("five folds, and a remote")
    return project


@contextmanager
def ended(process: "subprocess.Popen[bytes]") -> Iterator[None]:
    """End a process with the block, should it run on."""
    try:
        yield
    finally:
        process.kill()
        process.wait()


def locked(project: Project) -> dict[str, str]:
    """Digests of the outputs of all stages."""
    stages = yaml.safe_load((project.root / "dvc.lock").read_text())["stages"]
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage.get("outs", [])}


def wait_for_a_state(process: "subprocess.Popen[bytes]", node: Path, printed: Path) -> None:
    """Until a training in a node's folder has finished an epoch."""
    deadline = time.monotonic() + 300
    while not list(node.glob("*/.saltseg/training/*/state.json")):
        assert process.poll() is None, printed.read_text()
        assert time.monotonic() < deadline, printed.read_text()
        time.sleep(0.2)


def test_a_node_is_lost_and_all_folds_come_home(
    project: Project,
    server: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from ray.cluster_utils import Cluster

    folder = tmp_path_factory.mktemp("nodes")
    for name, value in CREDENTIALS.items():  # nodes inherit them
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RAY_worker_niceness", "0")
    path = project.environment()["PATH"]
    # Loopback, an address for each machine; Ray takes 127.0.0.1 for the one that faces outside.
    head = {"num_cpus": 0, "include_dashboard": False, "node_ip_address": "127.0.0.2"}
    cluster = Cluster(initialize_head=True, head_node_args=head)
    try:
        nodes = {}
        for number, name in enumerate("abc", start=3):
            own = {"SALTSEG_NODE": str(folder / name), "PATH": path}
            address = f"127.0.0.{number}"
            nodes[name] = cluster.add_node(num_cpus=1, env_vars=own, node_ip_address=address)
        cluster.wait_for_nodes()
        printed = folder / "printed"
        with printed.open("wb") as file:
            process = subprocess.Popen(
                ("saltseg", "fan-out", "--address", cluster.address, "--keep-states", "0.02"),
                cwd=project.root,
                env=project.environment() | CREDENTIALS | {"MLFLOW_TRACKING_URI": server},
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        with ended(process):
            wait_for_a_state(process, folder / "b", printed)
            cluster.remove_node(nodes["b"], allow_graceful=False)
            assert process.wait(400) == 0, printed.read_text()
    finally:
        cluster.shutdown()
    told = printed.read_text()
    for fold in range(5):
        assert f"plain-{fold}: done" in told
    assert "plain fold 0: epoch" not in told  # home restores, and trains nothing

    # Nothing of the lost node runs on.
    deadline = time.monotonic() + 40
    while running(folder / "b") and time.monotonic() < deadline:
        time.sleep(0.5)
    assert not running(folder / "b")

    alone = make_project(tmp_path_factory.mktemp("alone") / "project")
    alone.set_params(train=TRAIN)
    alone.commit("five folds")
    alone.run("dvc", "repro")
    theirs = {k: v for k, v in locked(alone).items() if k.startswith("models/")}
    assert len(theirs) == 5
    assert locked(project) | theirs == locked(project)


def running(folder: Path) -> list[str]:
    """Commands of processes that work below a folder."""
    found = []
    for one in Path("/proc").iterdir():
        if one.name.isdigit() and int(one.name) != os.getpid():
            try:
                if (one / "cwd").readlink().is_relative_to(folder):
                    found.append((one / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
    return found
