"""Where the store lies; what the stamps say is in test_mirror.py, with outputs to stamp."""

from pathlib import Path

import pytest

from saltseg.tracking.uri import database_file, folder_name, sqlite_uri, tracking_uri


def test_store_lies_at_the_root(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert tracking_uri() == f"sqlite:///{root / 'mlflow.db'}"
    monkeypatch.setenv("DVC_ROOT", str(tmp_path))
    assert tracking_uri() == f"sqlite:///{tmp_path / 'mlflow.db'}"


def test_tracking_uri_of_the_environment_goes_first(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:5000")
    assert tracking_uri() == "http://localhost:5000"
    monkeypatch.setenv("MLFLOW_TRACKING_URI", " ")
    assert tracking_uri() == f"sqlite:///{root / 'mlflow.db'}"


@pytest.mark.parametrize(
    ("uri", "expected"),
    [
        ("sqlite:///team.db", "sqlite:///{}/team.db"),
        ("sqlite:///sub/a%20b.db?timeout=9", "sqlite:///{}/sub/a b.db?timeout=9"),
        ("sqlite:///file:team.db?uri=true", "sqlite:///{}/team.db?uri=true"),
        ("sqlite:////srv/team.db", "sqlite:////srv/team.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("./mlruns", "file://{}/mlruns"),
        ("file:mlruns", "file://{}/mlruns"),
        ("file:///srv/mlruns", "file:///srv/mlruns"),
        ("databricks", "databricks"),
        ("postgresql://me@host/runs", "postgresql://me@host/runs"),
    ],
)
def test_relative_places_are_below_the_root(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str, expected: str
) -> None:
    """Not below the current folder: that may be a throw-away copy of the repository."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DVC_ROOT", str(root))
    assert tracking_uri() == expected.format(root)


@pytest.mark.parametrize("name", ["plain", "a%20b", "was?", "x#y", "50% ü", "a?uri=true&b"])
def test_any_path_can_be_told_by_a_uri(tmp_path: Path, name: str) -> None:
    path = tmp_path / name / "mlflow.db"
    assert database_file(sqlite_uri(path)) == path
    assert database_file("http://localhost:5000") is None


def test_names_of_experiments_that_no_folder_can_have() -> None:
    for name in ("saltseg", "my salt", "größe_2.0", "a+b"):
        assert folder_name(name) == name
    odd = ["team/salt", "team:salt", "it's", "/x/y", "..", ".", "a/", "a\\b", "50%", "é" * 300]
    found = [folder_name(name) for name in odd]
    assert found[0] == "team-salt-" + found[0][-8:]
    assert len({*found, *odd}) == 2 * len(odd)
    for name in found:
        assert not set("/:'%\\") & set(name)
        assert name.strip(".")
        assert len(name.encode()) < 255
