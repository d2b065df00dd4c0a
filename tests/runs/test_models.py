"""Networks of a run, linked from DVC's cache."""

from pathlib import Path

import pytest

from saltseg.runs.models import lay_out
from saltseg.runs.outputs import LostError
from saltseg.runs.revisions import workspace
from tests.pipeline.projects import Project

pytestmark = pytest.mark.slow


def test_networks_come_from_the_cache(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)
    found = workspace()
    assert (found.title, found.threshold) == ("plain", 0.5)
    lay_out(found, tmp_path / "model")
    for fold in (0, 1):
        for name in ("best.weights.h5", "blueprint.json"):
            laid = tmp_path / f"model/fold-{fold}/{name}"
            assert laid.read_bytes() == Path(f"models/plain/fold-{fold}/{name}").read_bytes()


def test_lost_networks_say_how_to_restore_them(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(project.root)
    found = workspace()
    lay_out(found, tmp_path / "before")
    lost = (tmp_path / "before/fold-1/best.weights.h5").resolve()
    kept = lost.read_bytes()
    lost.chmod(0o600)
    lost.unlink()
    try:
        with pytest.raises(LostError, match=r"fold-1/best.weights.h5 .*`dvc pull`.*`dvc repro`"):
            lay_out(found, tmp_path / "after")
    finally:
        lost.write_bytes(kept)
