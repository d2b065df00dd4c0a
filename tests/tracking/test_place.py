"""Where the store lies; what the stamps say is in test_mirror.py, with outputs to stamp."""

from pathlib import Path

import pytest

from saltseg.tracking.place import project_root, state_folder, tracking_uri


def test_dvc_root_goes_before_the_current_folder(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DVC sets it in a throw-away copy, which has a .dvc folder too."""
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    assert project_root() == tmp_path
    assert tracking_uri() == f"sqlite:///{tmp_path / 'mlflow.db'}"


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
    assert state_folder().is_dir()


def test_tracking_uri_of_the_environment_goes_first(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:5000")
    assert tracking_uri() == "http://localhost:5000"
