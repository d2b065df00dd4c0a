"""Outputs read back, and what is not fit to be shown."""

from dataclasses import replace
from pathlib import Path

import pytest

from saltseg.errors import DataError
from saltseg.params import Params
from saltseg.runs.lock import read_lock
from saltseg.runs.outputs import NotEvaluatedError, Outputs, run_title
from tests.runs.sample import EPOCHS, WriteOutputs, writer


@pytest.fixture
def write(tmp_path: Path, params: Params) -> WriteOutputs:
    return writer(tmp_path, params, "saltseg")


def edit(outputs: Outputs, path: str, old: str, new: str) -> Outputs:
    """The same outputs with a change in one of their files, and nothing remembered."""
    text = outputs.read(path).decode()
    assert old in text
    outputs.files.pipe_file(path, text.replace(old, new).encode())
    return replace(outputs)


def test_they_are_read_as_written(write: WriteOutputs, params: Params) -> None:
    outputs = write("lossy-lynx")
    outputs.check_evaluated()
    assert outputs.backbone == params.backbone
    assert outputs.folds == [0, 1]
    assert outputs.summary["map_iou"]["mean"] == 0.5
    assert outputs.history(0)["val_map_iou"].tolist() == EPOCHS["val_map_iou"].tolist()
    assert outputs.engine(1) == {"engine": "tensorflow"}
    assert set(outputs.results) == {
        f"metrics/{name}"
        for name in (
            "details.json",
            "summary.json",
            "curves.csv",
            "curves_folds.csv",
            "tiles.csv",
        )
    }


def test_an_older_commit_kept_all_scores_in_its_summary(write: WriteOutputs) -> None:
    outputs = write()
    folder = Path(outputs.files.path)
    (folder / "metrics/details.json").rename(folder / "metrics/summary.json")
    assert outputs.summary["fold"]["0"]["map_iou"] == 0.5


def test_keys_differ_by_fold_code_and_evaluation(write: WriteOutputs) -> None:
    one, code, threshold = write(), write(code="c1"), write(threshold=0.6)
    assert one.key == write("another name").key
    assert len({one.key, code.key, threshold.key}) == 3
    assert len({*one.fold_keys.values(), *code.fold_keys.values()}) == 4
    assert one.fold_keys == threshold.fold_keys


def test_stages_of_other_folds_and_backbones_do_not_belong_to_them(write: WriteOutputs) -> None:
    outputs = write()
    more = "stages:\n  train@vgg16-0: {cmd: a}\n  track: {cmd: b}\n"
    outputs = edit(outputs, "dvc.lock", "stages:\n", more)
    assert {"train@vgg16-0", "track"} < set(read_lock(outputs.read("dvc.lock")))
    assert set(outputs.lock) == set(write().lock)


@pytest.mark.parametrize(
    ("path", "old", "new", "says"),
    [
        ("params.yaml", "backbone: resnet50", "backbone: vgg16", "not evaluated as params.yaml"),
        ("params.yaml", "threshold: 0.5", "threshold: 0.4", "not evaluated as params.yaml"),
        ("params.yaml", "epochs: 10", "epochs: 77", "not evaluated as params.yaml"),
        ("params.yaml", "- 1\n", "- 1\n  - 2\n", "not evaluated as params.yaml"),
        ("params.yaml", "folds:", "parts:", "not of this version"),
        ("params.yaml", "tracking:", "logging:", "not of this version"),
        ("dvc.lock", "train@resnet50-1", "train@resnet50-3", "not evaluated as params.yaml"),
    ],
)
def test_what_is_not_evaluated_as_asked_is_refused(
    write: WriteOutputs, path: str, old: str, new: str, says: str
) -> None:
    outputs = edit(write("lossy-lynx"), path, old, new)
    with pytest.raises(NotEvaluatedError, match=f"^lossy-lynx: .*{says}"):
        outputs.check_evaluated()


def test_changed_or_never_run(write: WriteOutputs) -> None:
    with pytest.raises(NotEvaluatedError, match="missing or have changed"):
        replace(write(), changed=True).check_evaluated()
    outputs = write()
    outputs.files.rm("dvc.lock")
    with pytest.raises(NotEvaluatedError, match="nothing has run yet"):
        outputs.check_evaluated()


def test_missing_file_says_where_to_get_it(write: WriteOutputs) -> None:
    with pytest.raises(DataError, match=r"workspace: models/x\.h5 is missing .*; `dvc pull`"):
        write().read("models/x.h5")
    with pytest.raises(DataError, match="`dvc exp apply lossy-lynx`, then `dvc pull`"):
        write("lossy-lynx").read("models/x.h5")


def test_a_run_is_called_by_backbone_and_experiment_once() -> None:
    assert run_title("vgg16", None) == "vgg16"
    assert run_title("vgg16", "dural-mice") == "vgg16 dural-mice"
    assert run_title("vgg16", "vgg16") == "vgg16"
    assert run_title("vgg16", "vgg16-wide") == "vgg16-wide"
    assert run_title("resnet50", "resnet50v2") == "resnet50 resnet50v2"


@pytest.mark.parametrize(
    ("folds", "learnt"),
    # Tiles 0 to 9, of which 9 is held out; a second division follows with folds 3 to 5.
    [([0, 1], 9), ([0], 6), ([4], 6), ([0, 4], 8), ([0, 1, 4], 9)],
)
def test_tiles_that_any_network_has_learnt(
    write: WriteOutputs, folds: list[int], learnt: int
) -> None:
    outputs = write()
    assert outputs.learnt_tiles is None
    rows = [(k // 3, 3 + k % 3) for k in range(9)] + [(-1, -1)]
    table = "id,fold,fold_1\n" + "".join(f"t{k},{a},{b}\n" for k, (a, b) in enumerate(rows))
    outputs.files.makedirs("data")
    outputs.files.pipe_file("data/folds.csv", table.encode())
    outputs.params["train"]["folds"] = folds
    assert outputs.learnt_tiles == learnt
