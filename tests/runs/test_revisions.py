"""What names mean, in a real repository: a project in a folder of a larger one."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from dvc.repo import Repo

from saltseg.errors import DataError
from saltseg.runs.revisions import experiments, find, recorded, workspace

STAGES = (
    "stages:\n  evaluate:\n    cmd: cp in.txt out.txt\n    deps: [in.txt]\n    outs: [out.txt]\n"
)


def git(*arguments: str) -> None:
    subprocess.run(["git", *arguments], check=True, capture_output=True)


def write_and_run(text: str) -> Repo:
    Path("in.txt").write_text(text)
    repo = Repo()
    repo.reproduce()
    return repo


@pytest.fixture(scope="module")
def salt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two commits, three experiments; two of these have the same name."""
    whole = tmp_path_factory.mktemp("whole")
    folder = whole / "salt"
    folder.mkdir()
    with pytest.MonkeyPatch.context() as patch:
        for who in ("AUTHOR", "COMMITTER"):
            patch.setenv(f"GIT_{who}_NAME", "tester")
            patch.setenv(f"GIT_{who}_EMAIL", "tester@example.org")
        patch.chdir(folder)
        git("init", "-q", "-b", "main", str(whole))
        Repo.init(subdir=True).close()
        Path("dvc.yaml").write_text(STAGES)
        for number, (text, names) in enumerate((("1", ("zesty", "aloof")), ("2", ("zesty",)))):
            write_and_run(text)
            git("add", "-A", str(whole))
            # A second apart, as commits of people are: git counts no less.
            patch.setenv("GIT_COMMITTER_DATE", f"157783680{number} +0000")
            git("commit", "-qm", text)
            for name in names:
                write_and_run(f"{text} {name}").experiments.save(name=name)
        git("checkout", "-q", ".")
        write_and_run("2")
        git("tag", "v1", "HEAD~1")
        yield folder


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("workspace", "2"),
        ("main", "2"),
        ("HEAD", "2"),
        ("HEAD~1", "1"),
        ("v1", "1"),
        ("aloof", "1 aloof"),
        ("zesty", "2 zesty"),
    ],
)
def test_a_name_means_files_in_git_and_in_the_cache(salt: Path, name: str, content: str) -> None:
    outputs = recorded(name)
    assert outputs.has("dvc.lock")
    assert outputs.read("in.txt") == outputs.read("out.txt") == content.encode()
    assert outputs.origin.experiment == (name if name in ("aloof", "zesty") else None)


def test_experiments_come_the_oldest_first(salt: Path) -> None:
    found = experiments()
    assert sorted(one.read("in.txt").decode() for one in found[:2]) == ["1 aloof", "1 zesty"]
    assert found[2].read("in.txt") == b"2 zesty"
    assert [one.name for one in find([])] == ["workspace", *(one.name for one in found)]


def test_the_workspace_is_the_same_in_any_folder(
    salt: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (salt / "deep").mkdir(exist_ok=True)
    monkeypatch.chdir(salt / "deep")
    assert workspace().read("out.txt") == b"2"
    assert not workspace().changed
    (salt / "in.txt").write_text("edited")
    try:
        assert workspace().changed
    finally:
        (salt / "in.txt").write_text("2")


@pytest.mark.parametrize("name", ["nosuch", "", "2020", "HEAD~9"])
def test_other_names_are_told_with_those_that_there_are(salt: Path, name: str) -> None:
    with pytest.raises(DataError) as caught:
        recorded(name)
    assert str(caught.value).startswith(f"no DVC experiment, commit, branch or tag '{name}'")
    assert str(caught.value).endswith("; branches main; tags v1)")
