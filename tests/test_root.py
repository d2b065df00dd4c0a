"""Where the repository is, also for its throw-away copies."""

from io import BytesIO, TextIOWrapper
from pathlib import Path

import pytest

from saltseg.errors import DataError
from saltseg.root import at_root, project_root, state_folder


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


def test_outside_of_a_project_nothing_is_made(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for ask in (project_root, state_folder):
        with pytest.raises(DataError, match="no project here or above"):
            ask()
    assert list(tmp_path.iterdir()) == [root]


def test_stages_run_at_the_root_only(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit), at_root("split"):
        raise AssertionError("it ran")
    assert capsys.readouterr().err == (
        f"split: there is no dvc.yaml in {root}; `dvc repro` runs stages, or python does in the"
        " folder of dvc.yaml\n"
    )
    (root / "dvc.yaml").touch()
    with pytest.raises(SystemExit), at_root("split"):
        raise DataError("it ran")
    assert capsys.readouterr().err == "split: it ran\n"


def test_state_lies_at_the_root(root: Path) -> None:
    assert state_folder() == root / ".saltseg"
    assert state_folder("training") == root / ".saltseg" / "training"
    assert state_folder("training").is_dir()


def test_a_terminal_without_a_sign_shows_another(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (root / "dvc.yaml").touch()
    shown = BytesIO()
    with monkeypatch.context() as patched:
        patched.setattr("sys.stdout", TextIOWrapper(shown, encoding="ascii"))
        with at_root("evaluate"):
            print("map_iou 0.6 ± 0.1", flush=True)
        assert shown.getvalue() == b"map_iou 0.6 ? 0.1\n"
