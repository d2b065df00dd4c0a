import subprocess
from pathlib import Path

import pytest

from saltseg.errors import DataError, ParameterError
from saltseg.fanout.copies import named_sweep, snapshot


def git(folder: Path, *words: str) -> str:
    own = ("-c", "user.name=tester", "-c", "user.email=tester@example.org")
    command = ("git", *own, *words)
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    (tmp_path / "params.yaml").write_text("backbone: plain\n")
    git(tmp_path, "init", "-q", "-b", "main")
    git(tmp_path, "add", "-A")
    git(tmp_path, "commit", "-qm", "start")
    return tmp_path


@pytest.mark.parametrize(
    ("settings", "prefix", "names"),
    [
        (["backbone=resnet50,vgg16"], "", ["resnet50", "vgg16"]),
        (["backbone=vgg16"], "", ["vgg16"]),
        (["backbone=vgg16", "train.seed=1"], "", ["vgg16-1"]),
        (["backbone=vgg16", "train.seed=1"], "first try", ["first-try"]),
        (["backbone=vgg16", "train.seed=1,2"], "", ["1", "2"]),
        (["backbone=a,b", "train.seed=1,2"], "try", ["try-a-1", "try-a-2", "try-b-1", "try-b-2"]),
        (["train.folds=[0,1]", "backbone=a,b"], "", ["a", "b"]),
    ],
)
def test_experiments_are_called_by_what_tells_them_apart(
    settings: list[str], prefix: str, names: list[str]
) -> None:
    found = named_sweep(settings, prefix)
    assert list(found) == names
    assert all(len(overrides) == len(settings) for overrides in found.values())


@pytest.mark.parametrize(
    ("settings", "why"),
    [
        (["backbone"], "'backbone': expected NAME=VALUE"),
        (["train.learning_rate=1-2,1/2"], "the same name"),
        (["backbone=[", "a=1"], "backbone=\\["),
    ],
)
def test_settings_without_sense_are_refused(settings: list[str], why: str) -> None:
    with pytest.raises(ParameterError, match=why):
        named_sweep(settings)


def test_without_changes_the_commit_is_head(checkout: Path) -> None:
    assert snapshot(checkout) == git(checkout, "rev-parse", "HEAD").strip()


def test_changes_are_in_the_commit_and_stay_where_they_are(checkout: Path) -> None:
    (checkout / "params.yaml").write_text("backbone: vgg16\n")
    (checkout / "dvc.lock").write_text("stages: {}\n")
    (checkout / "src").mkdir()
    (checkout / "src/new.py").write_text("import this")
    git(checkout, "add", "dvc.lock")
    before = git(checkout, "status", "--porcelain")
    commit = snapshot(checkout)
    assert git(checkout, "show", f"{commit}:params.yaml") == "backbone: vgg16\n"
    assert git(checkout, "show", f"{commit}:dvc.lock") == "stages: {}\n"
    assert git(checkout, "show", f"{commit}:src/new.py") == "import this"
    assert git(checkout, "status", "--porcelain") == before
    assert git(checkout, "log", "-1", "--format=%s").strip() == "start"
    assert snapshot(checkout) == commit


def test_data_that_a_copy_would_lack_is_named(checkout: Path) -> None:
    (checkout / "notes.txt").write_text("nobody needs it")
    (checkout / "data").mkdir()
    (checkout / "data/tgs.dvc").write_text("outs: []")
    assert git(checkout, "show", f"{snapshot(checkout)}:data/tgs.dvc") == "outs: []"
    (checkout / "data/train.zip").write_text("tiles")
    with pytest.raises(DataError, match=r"nor DVC knows data/train\.zip: .*dvc add"):
        snapshot(checkout)
