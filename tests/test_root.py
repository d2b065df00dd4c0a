"""Where the repository is, also for its throw-away copies."""

from pathlib import Path

import pytest

from saltseg.root import project_root, state_folder


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with .dvc in it, the current one."""
    root = tmp_path / "root"
    (root / ".dvc").mkdir(parents=True)
    monkeypatch.delenv("DVC_ROOT", raising=False)
    monkeypatch.chdir(root)
    return root


def test_dvc_root_goes_before_the_current_folder(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DVC sets it in a throw-away copy, which has a .dvc folder too."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    assert project_root() == tmp_path


def test_root_is_the_nearest_folder_with_dvc(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "a" / "b").mkdir(parents=True)
    monkeypatch.chdir(root / "a" / "b")
    assert project_root() == root
    monkeypatch.chdir(tmp_path)
    assert project_root() == tmp_path


def test_state_lies_at_the_root(root: Path) -> None:
    assert state_folder() == root / ".saltseg"
    assert state_folder("training") == root / ".saltseg" / "training"
    assert state_folder("training").is_dir()
