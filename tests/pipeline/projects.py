"""A real git and DVC repository made of the files git knows, at a size that trains in seconds."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from filelock import FileLock

ROOT = Path(__file__).parents[2]
SMALL = {
    "backbone": "plain",
    "preprocess": {"side": 32},
    "train": {"folds": [0, 1], "epochs": 2, "batch_size": 8, "threads": 2},
}


@dataclass
class Project:
    """A checkout in a temporary folder."""

    root: Path

    def run(self, *command: str, ok: bool | None = True, **env: str) -> str:
        """Run a command in it, well or not (None: either); returns stdout and stderr together."""
        # A file, not a pipe: the workers of a queue would keep a pipe open until they end.
        with tempfile.TemporaryFile("w+") as printed:
            done = subprocess.run(
                command,
                cwd=self.root,
                env=self.environment() | env,
                stdout=printed,
                stderr=subprocess.STDOUT,
                timeout=600,
                check=False,
            )
            printed.seek(0)
            text = printed.read()
        assert ok is None or (done.returncode == 0) is ok, text
        return text

    @contextmanager
    def started(
        self, printed: Path, *command: str, **env: str
    ) -> "Iterator[subprocess.Popen[bytes]]":
        """A command that runs on, until it ends or the block does; a file takes what it prints."""
        with printed.open("wb") as file:
            process = subprocess.Popen(
                command,
                cwd=self.root,
                env=self.environment() | env,
                stdout=file,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def environment(self) -> dict[str, str]:
        """This one's, with our Python first and without what an outer run has set."""
        outer = ("DVC_", "MLFLOW_", "GIT_", "PYTHONPATH")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(outer)}
        return kept | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}

    def commit(self, message: str = "change") -> None:
        """Commit everything."""
        self.run("git", "add", "-A")
        self.run("git", "commit", "-qm", message)

    def set_params(self, **changes: object) -> None:
        """Change params.yaml; groups are merged."""
        path = self.root / "params.yaml"
        params = yaml.safe_load(path.read_text())
        for key, value in changes.items():
            if isinstance(value, dict):
                params[key] |= value
            else:
                params[key] = value
        path.write_text(yaml.safe_dump(params))


def wait_for_an_epoch(
    process: "subprocess.Popen[bytes]", printed: Path, folder: Path, projects: str = "."
) -> None:
    """Until a training in one of the projects, a pattern of folders, has finished an epoch.

    Raises:
        AssertionError: The process has ended, or it takes too long.
    """
    deadline = time.monotonic() + 400
    while not list(folder.glob(f"{projects}/.saltseg/training/*/state.json")):
        assert process.poll() is None, printed.read_text()
        assert time.monotonic() < deadline, printed.read_text()
        time.sleep(0.05)


def make_project(folder: Path) -> Project:
    """Copy the files git would clone, set small parameters and commit."""
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    for name in listed.stdout.splitlines():
        if name.startswith(("metrics/", "tests/", "docs/", "dvc.lock")):
            continue
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, target)
    project = Project(folder)
    project.set_params(**SMALL)
    recipe = folder / "data/synthetic.yaml"
    small = yaml.safe_load(recipe.read_text()) | {"tiles": 40, "unlabelled": 3}
    recipe.write_text(yaml.safe_dump(small))
    project.run("git", "init", "-q", "-b", "main")
    project.run("git", "config", "user.name", "tester")
    project.run("git", "config", "user.email", "tester@example.org")
    project.commit("start")
    return project


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    """A repository in which nothing has run."""
    return make_project(tmp_path / "project")


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A repository in which `dvc repro` has run; only to be copied.

    Workers of pytest-xdist share it: the first one that asks for it makes it.
    """
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    made = folder / "trained"
    with FileLock(f"{made}.lock"):
        if not made.exists():
            # Moved there once nothing has failed: the next worker would else copy a ruin.
            partial = folder / "trained.partial"
            shutil.rmtree(partial, ignore_errors=True)
            project = make_project(partial / "project")
            project.run("dvc", "repro")
            project.commit("the default run")
            partial.rename(made)
    return Project(made / "project")


def copy_of(trained: Project, folder: Path) -> Project:
    """The same repository elsewhere, with a store of its own that shows the workspace."""
    own = shutil.ignore_patterns("mlflow.db*", "mlartifacts", ".saltseg")
    shutil.copytree(trained.root, folder, ignore=own, symlinks=True)
    copy = Project(folder)
    copy.run("dvc", "repro")
    return copy


@pytest.fixture(scope="module")
def project(trained: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A repository in which `dvc repro` has run, shared by the tests of a module."""
    return copy_of(trained, tmp_path_factory.mktemp("copy") / "project")


def run_queue(project: Project, jobs: int) -> None:
    """Run what is queued, and wait for it but not for the workers, who idle on for a while."""
    project.run("dvc", "queue", "start", "-j", str(jobs))
    deadline = time.monotonic() + 800
    status = "Queued"
    while ("Queued" in status or "Running" in status) and time.monotonic() < deadline:
        time.sleep(2)
        status = project.run("dvc", "queue", "status")
    project.run("dvc", "queue", "stop", "--kill")
    _, *tasks = [line.split() for line in status.split("\n\n")[0].splitlines()]
    failed = [task for task in tasks if task[-1] != "Success"]
    logs = [project.run("dvc", "queue", "logs", task[0], ok=None) for task in failed]
    assert not failed, "\n".join([status, *logs])


@pytest.fixture(scope="session")
def compared(trained: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The workspace on `plain`, two queued backbones, and one that is only evaluated anew."""
    project = copy_of(trained, tmp_path_factory.mktemp("compared") / "project")
    project.run("dvc", "exp", "run", "--queue", "-S", "backbone=plain,residual16")
    run_queue(project, jobs=2)
    project.run("dvc", "exp", "run", "--temp", "-n", "greedy", "-S", "evaluate.threshold=0.05")
    return project
