"""Outputs appear whole or not at all."""

from pathlib import Path

import pytest

from saltseg.files import staged_folder, write_whole


def content(folder: Path) -> dict[str, str]:
    """All files below a folder, hidden ones too."""
    return {
        str(path.relative_to(folder)): path.read_text()
        for path in folder.rglob("*")
        if path.is_file()
    }


def write_half(target: Path, error: BaseException) -> None:
    with staged_folder(target) as out:
        (out / "a.txt").write_text("half")
        raise error


def test_files_appear_only_at_the_end(tmp_path: Path) -> None:
    target = tmp_path / "data" / "survey"
    with staged_folder(target) as out:
        (out / "a.txt").write_text("new")
        assert not target.exists()
    assert content(tmp_path) == {"data/survey/a.txt": "new"}
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["survey"]


def test_staging_lies_on_the_same_disk(tmp_path: Path) -> None:
    with staged_folder(tmp_path / "survey") as out:
        assert out.parent == tmp_path


def test_same_names_are_replaced_and_others_stay(tmp_path: Path) -> None:
    target = tmp_path / "survey"
    (target / "deep").mkdir(parents=True)
    for name in ("a.txt", "b.txt", "deep/c.txt"):
        (target / name).write_text("old")
    with staged_folder(target) as out:
        (out / "deep").mkdir()
        (out / "a.txt").write_text("new")
        (out / "deep" / "d.txt").write_text("new")
    assert content(tmp_path) == {
        "survey/a.txt": "new",
        "survey/b.txt": "old",
        "survey/deep/d.txt": "new",
    }


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, SystemExit])
def test_failure_leaves_all_as_it_was(tmp_path: Path, error: type[BaseException]) -> None:
    target = tmp_path / "survey"
    target.mkdir()
    (target / "a.txt").write_text("old")
    with pytest.raises(error):
        write_half(target, error())
    assert content(tmp_path) == {"survey/a.txt": "old"}
    assert [path.name for path in tmp_path.iterdir()] == ["survey"]


def test_failure_makes_no_folder(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="no"):
        write_half(tmp_path / "survey", ValueError("no"))
    assert list(tmp_path.iterdir()) == []


def test_nothing_written_makes_an_empty_folder(tmp_path: Path) -> None:
    with staged_folder(tmp_path / "survey"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["survey"]


def test_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "report.html"
    write_whole(path, b"one")
    with pytest.raises(TypeError):
        write_whole(path, "not bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"one"
    write_whole(path, b"two")
    assert path.read_bytes() == b"two"
    assert list(path.parent.iterdir()) == [path]
