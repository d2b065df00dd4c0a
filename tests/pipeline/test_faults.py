"""What the machine does to a stage: one line, exit code 1, earlier results as they were.

The disk is full for real (a small tmpfs in a mount namespace), and permissions are lost for real
(root's right to pass over them is dropped).
"""

import ctypes
import hashlib
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.pipeline.projects import Project, copy_of

pytestmark = pytest.mark.slow

# Puts a folder on a disk of its own, fills that up but for some KiB, and runs a command.
ON_FULL_DISK = """
set -e
folder=$1 free=$2; shift 2
cp -a "$folder" "$KEEP"
mount -t tmpfs -o size=64m none "$folder"
cp -a "$KEEP"/. "$folder"
left=$(df --output=avail -k "$folder" | tail -1)
dd if=/dev/zero of="$folder/filler" bs=1k count=$((left - free)) status=none
set +e
"$@"
code=$?
rm "$folder/filler"
rm -rf "$KEEP"; cp -a "$folder" "$KEEP"
exit $code
"""
HAS_NAMESPACES = (
    shutil.which("unshare") is not None
    and subprocess.run(("unshare", "-rm", "true"), check=False).returncode == 0
)
CAPABILITIES = (1, 2, 3)
"""CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_FOWNER, by which root passes over permissions."""


@pytest.fixture(scope="module")
def stages(trained: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A repository in which everything has run once."""
    root = tmp_path_factory.mktemp("faults") / "project"
    project = copy_of(trained, root)
    (root / ".saltseg" / "training").mkdir(exist_ok=True)
    return project


def content(folder: Path) -> dict[str, str]:
    """MD5 of each file below a folder; hidden ones too."""
    return {
        str(path.relative_to(folder)): hashlib.md5(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def run(project: Project, *command: str, mere_user: bool = False, **env: str) -> str:
    """Run a command that must fail; returns its stderr, which must be one line."""
    done = subprocess.run(
        command,
        cwd=project.root,
        env=project.environment() | {"PYTHONPATH": "src"} | env,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        preexec_fn=drop_capabilities if mere_user else None,
    )
    print(done.stderr)
    assert done.returncode == 1, done
    assert len(done.stderr.strip().splitlines()) == 1, done.stderr
    return done.stderr


def drop_capabilities() -> None:
    for capability in CAPABILITIES:
        ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)


@pytest.mark.skipif(not HAS_NAMESPACES, reason="no mount namespaces here")
@pytest.mark.parametrize(
    ("stage", "folder"),
    [
        ("locate", "data"),
        ("acquire", "data"),
        ("preprocess", "data"),
        ("mosaics", "data"),
        ("split", "data"),
        ("evaluate", "metrics"),
        ("train --fold 0", "models"),
        ("train --fold 0", ".saltseg"),
    ],
)
def test_full_disk(stages: Project, tmp_path: Path, stage: str, folder: str) -> None:
    before = content(stages.root / folder)
    name, *arguments = stage.split()
    script = ("python", "-m", f"stages.{name}", *arguments)
    namespace = ("unshare", "-rm", "bash", "-c", ON_FULL_DISK, "bash")
    free = "1000" if name == "train" else "0"
    kept = tmp_path / "kept"
    told = run(stages, *namespace, folder, free, *script, KEEP=str(kept))
    assert told.startswith(f"{name}: no space left on the disk (")
    assert folder in told
    assert "make room and run the same again" in told
    after = content(kept)
    assert {key: after[key] for key in before} == before
    assert not [key for key in after if ".partial" in key]
    if folder == "models":  # nothing of the training is lost
        assert "plain fold 0" in stages.run("saltseg", "unfinished", "--clear")


@pytest.fixture
def locked(request: pytest.FixtureRequest, stages: Project) -> Iterator[Path]:
    """A path that nobody may write to; or, a file, read."""
    path = stages.root / request.param
    mode = path.stat().st_mode
    path.chmod(0o555 if path.is_dir() else 0o000)
    yield path
    path.chmod(mode)


@pytest.mark.parametrize(
    ("stage", "locked"),
    [
        ("locate", "data"),
        ("acquire", "data/survey"),
        ("preprocess", "data/processed"),
        ("split", "data"),
        ("evaluate", "metrics"),
        ("evaluate", "models/plain/fold-0/history.csv"),
        ("split", "data/survey/tiles.csv"),
        ("train --fold 0", ".saltseg/training"),
    ],
    indirect=["locked"],
)
def test_lost_permission(stages: Project, stage: str, locked: Path) -> None:
    folder = locked if locked.is_dir() else locked.parent
    before = sorted(folder.iterdir())
    name, *arguments = stage.split()
    told = run(stages, "python", "-m", f"stages.{name}", *arguments, mere_user=True)
    assert told.startswith(f"{name}: ")
    assert str(locked.relative_to(stages.root)) in told
    assert "ermi" in told  # `Permission denied`, and `mend its permissions`
    assert sorted(folder.iterdir()) == before
