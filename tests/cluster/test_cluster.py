"""Folds on three nodes of a cluster: stopped, failing, and a node killed in the middle."""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
from tests.pipeline.projects import Project, make_project, wait_for_an_epoch

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


@dataclass(frozen=True)
class Machines:
    """Ray's head and three nodes of one core.

    Attributes:
        cluster: All of them.
        nodes: By name.
        folder: In which each has one of its name; `printed` beside them is what a command printed.
    """

    cluster: Any
    nodes: dict[str, Any]
    folder: Path

    @property
    def printed(self) -> str:
        return (self.folder / "printed").read_text()

    def lose(self, name: str) -> None:
        """End a node, as if somebody had pulled its plug."""
        self.cluster.remove_node(self.nodes[name], allow_graceful=False)

    @contextmanager
    def fan_out(
        self, project: Project, server: str, *words: str
    ) -> "Iterator[subprocess.Popen[bytes]]":
        """The command, until it ends or the block does."""
        words = ("saltseg", "fan-out", "--address", self.cluster.address, *words)
        around = CREDENTIALS | {"MLFLOW_TRACKING_URI": server}
        with project.started(self.folder / "printed", *words, **around) as process:
            yield process

    def wait_for_an_epoch(self, process: "subprocess.Popen[bytes]", names: str) -> None:
        """Until a training on one of some nodes has finished one."""
        wait_for_an_epoch(process, self.folder / "printed", self.folder, f"[{names}]/*")

    def assert_nothing_runs(self, names: str) -> None:
        """No process works in the folders of some nodes, after a while at most."""
        deadline = time.monotonic() + 40
        while (found := running(self.folder, names)) and time.monotonic() < deadline:
            time.sleep(0.5)
        assert not found


@pytest.fixture(scope="module")
def machines(project: Project, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    from ray.cluster_utils import Cluster

    folder = tmp_path_factory.mktemp("nodes")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (CREDENTIALS | {"RAY_worker_niceness": "0"}).items():
            patch.setenv(name, value)  # nodes inherit them
        # Loopback, an address for each machine; Ray takes 127.0.0.1 for the one that faces outside.
        head = {"num_cpus": 0, "include_dashboard": False, "node_ip_address": "127.0.0.2"}
        cluster = Cluster(initialize_head=True, head_node_args=head)
        try:
            nodes = {}
            for number, name in enumerate("abc", start=3):
                own = {"SALTSEG_NODE": str(folder / name), "PATH": project.environment()["PATH"]}
                address = f"127.0.0.{number}"
                nodes[name] = cluster.add_node(num_cpus=1, env_vars=own, node_ip_address=address)
            cluster.wait_for_nodes()
            yield Machines(cluster, nodes, folder)
        finally:
            cluster.shutdown()


def locked(project: Project) -> dict[str, str]:
    """Digests of the outputs of all stages."""
    stages = yaml.safe_load((project.root / "dvc.lock").read_text())["stages"]
    return {out["path"]: out["md5"] for stage in stages.values() for out in stage.get("outs", [])}


def test_ctrl_c_ends_what_runs_on_all_nodes(
    project: Project, server: str, machines: Machines
) -> None:
    settings = ("-S", "train.learning_rate=0.001,1e30", "-S", "train.folds=[0]")
    endless = ("-S", "train.epochs=1000", "-S", "train.early_stopping.patience=1000")
    words = ("--name", "rate", *settings, *endless)
    with machines.fan_out(project, server, *words) as process:
        machines.wait_for_an_epoch(process, "abc")
        deadline = time.monotonic() + 120
        while "rate-1e-30.plain-0: failed" not in machines.printed:  # the others train on
            assert process.poll() is None, machines.printed
            assert time.monotonic() < deadline, machines.printed
            time.sleep(0.2)
        process.send_signal(signal.SIGINT)
        assert process.wait(120) == 130, machines.printed
    assert "nothing is left running" in machines.printed
    assert "Traceback" not in machines.printed
    machines.assert_nothing_runs("abc")


def test_a_node_is_lost_and_all_folds_come_home(
    project: Project, server: str, machines: Machines, tmp_path: Path
) -> None:
    with machines.fan_out(project, server, "--keep-states", "0.02") as process:
        machines.wait_for_an_epoch(process, "b")
        machines.lose("b")
        assert process.wait(400) == 0, machines.printed
    for fold in range(5):
        assert f"plain-{fold}: done" in machines.printed
    assert "plain fold 0: epoch" not in machines.printed  # home restores, and trains nothing
    machines.assert_nothing_runs("b")

    alone = make_project(tmp_path / "project")
    alone.set_params(train=TRAIN)
    alone.commit("five folds")
    alone.run("dvc", "repro")
    theirs = {k: v for k, v in locked(alone).items() if k.startswith("models/")}
    assert len(theirs) == 5
    assert locked(project) | theirs == locked(project)


def running(folder: Path, names: str) -> list[str]:
    """Commands of processes that work in folders of some nodes."""
    found = []
    for one in Path("/proc").iterdir():
        if one.name.isdigit() and int(one.name) != os.getpid():
            try:
                place = (one / "cwd").readlink()
                if any(place.is_relative_to(folder / name) for name in names):
                    found.append((one / "cmdline").read_text().replace("\0", " "))
            except OSError:
                continue
    return found
