"""The hold-out of a run, read from the cache of a real DVC repository, and judged."""

import io
import json
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import yaml
from rich.console import Console

from saltseg.errors import DataError
from saltseg.runs.holdout import read_holdout
from saltseg.runs.outputs import LostError, Outputs
from saltseg.runs.revisions import current_outputs
from saltseg.uncertain import judge_holdout

FOLDS = [0, -1, 1, -1, 0, -1]
UNSEEN = [1, 3, 5]
SIZE = (20, 30)
RANDOM = np.random.default_rng(0)
MASKS = (RANDOM.random((6, *SIZE)) < 0.4).astype(np.uint8)
EACH = RANDOM.random((2, 3, *SIZE)).astype(np.float16)
MIRRORED = RANDOM.random((2, 3, *SIZE)).astype(np.float16)


def dvc(folder: Path, *arguments: str) -> None:
    subprocess.run(["dvc", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Outputs of two folds and of one that is not asked for, as a pipeline leaves them."""
    folder = tmp_path_factory.mktemp("holdout")
    (folder / "data/survey").mkdir(parents=True)
    np.save(folder / "data/survey/masks.npy", MASKS)
    ids = [f"t{n}" for n in range(6)]
    table = pd.DataFrame({"id": ids, "fold": FOLDS, "coverage_class": 1, "group": range(6)})
    table.to_csv(folder / "data/folds.csv", index=False)
    table.assign(fold=0).to_csv(folder / "data/none.csv", index=False)
    for fold in range(3):
        out = folder / f"models/plain/fold-{fold}"
        out.mkdir(parents=True)
        one, other = (of[min(fold, 1)].astype(np.float32) for of in (EACH, MIRRORED))
        np.save(out / "holdout.npy", (one if fold < 2 else one[:2]).astype(np.float16))
        np.save(out / "holdout_flip.npy", ((one + other) / 2).astype(np.float16))
    outs = ["data/survey", "data/folds.csv", *(f"models/plain/fold-{fold}" for fold in range(3))]
    stages = {"all": {"cmd": "true", "outs": outs}}
    (folder / "dvc.yaml").write_text(yaml.safe_dump({"stages": stages}))
    params = {"backbone": "plain", "train": {"folds": [0, 1]}, "evaluate": {"threshold": 0.5}}
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    dvc(folder, "init", "-q", "--no-scm")
    dvc(folder, "commit", "-f", "-q")
    return folder


@pytest.fixture
def outputs(repository: Path, monkeypatch: pytest.MonkeyPatch) -> Outputs:
    monkeypatch.chdir(repository)
    return current_outputs()


def test_networks_and_masks_of_the_tiles_that_nobody_saw(outputs: Outputs) -> None:
    found = read_holdout(outputs, flip=False)
    assert found.tiles["id"].tolist() == ["t1", "t3", "t5"]
    np.testing.assert_array_equal(found.masks, MASKS[UNSEEN])
    np.testing.assert_array_equal(found.each, EACH)
    np.testing.assert_allclose(found.mean, EACH.astype(float).mean(axis=0), atol=1e-6)


def test_mirrored_predictions_follow_from_what_is_kept(outputs: Outputs) -> None:
    found = read_holdout(outputs, flip=True)
    np.testing.assert_array_equal(found.each[:2], EACH)
    np.testing.assert_allclose(np.float32(found.each[2:]), np.float32(MIRRORED), atol=2e-3)
    both = np.concatenate([EACH, MIRRORED]).astype(float).mean(axis=0)
    np.testing.assert_allclose(found.mean, both, atol=5e-4)


def without_holdout(outputs: Outputs) -> None:
    content = (Path.cwd() / "data/none.csv").read_bytes()
    for out in outputs.lock["all"]["outs"]:
        if out["path"] == "data/folds.csv":
            out["md5"] = "0" * 32
    cache = Path(".dvc/cache/files/md5/00") / ("0" * 30)
    cache.parent.mkdir(parents=True, exist_ok=True)
    cache.write_bytes(content)


def of_other_shape(outputs: Outputs) -> None:
    outputs.params["train"]["folds"] = [0, 2]


def lost(outputs: Outputs) -> None:
    outputs.lock["all"]["outs"] = [
        out for out in outputs.lock["all"]["outs"] if out["path"] != "models/plain/fold-1"
    ]


@pytest.mark.parametrize(
    ("change", "kind", "says"),
    [
        (without_holdout, DataError, r"plain: it has no hold-out.*-S split\.holdout=0\.1"),
        (of_other_shape, DataError, r"fold-2/holdout\.npy is \(2, 20, 30\), not \(3, 20, 30\)"),
        (lost, LostError, r"plain: models/plain/fold-1/holdout\.npy is not in DVC's cache"),
    ],
)
def test_what_cannot_be_judged_is_one_line(
    outputs: Outputs, change: object, kind: type[DataError], says: str
) -> None:
    change(outputs)  # type: ignore[operator]
    with pytest.raises(kind, match=says) as caught:
        read_holdout(outputs, flip=False)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("flip", [False, True])
def test_a_run_is_judged_on_its_holdout(outputs: Outputs, tmp_path: Path, flip: bool) -> None:
    text = io.StringIO()
    curve, numbers = tmp_path / "new/curve.png", tmp_path / "numbers.json"
    judge_holdout(outputs, flip, curve, numbers, Console(file=text, width=80))
    found = json.loads(numbers.read_text())
    assert (found["tiles"], found["pixels"], found["flip"]) == (3, 3 * 600, flip)
    each = np.concatenate([EACH, MIRRORED] if flip else [EACH]).astype(float)
    error = np.mean((each.mean(axis=0) > 0.5) != MASKS[UNSEEN])
    assert found["error"] == pytest.approx(error, abs=2e-3)
    # Random numbers tell nothing.
    for name in ("deviation", "ambiguity"):
        assert found[name]["of_random"] == pytest.approx(1, abs=0.1)
    assert found["interval"][0] < found["difference"] < found["interval"][1]
    shown = text.getvalue()
    assert f"{error:.1%}"[:3] in shown
    assert f"{found['deviation']['ause']:.4f}" in shown
    assert ("and flips" in shown) is flip
    assert "Predicts the error better: " in shown
    assert max(map(len, shown.splitlines())) <= 80
    assert cv2.imread(str(curve)) is not None


def test_one_network_is_judged_only_with_its_mirror_image(outputs: Outputs) -> None:
    outputs.params["train"]["folds"] = [0]
    console = Console(file=io.StringIO())
    with pytest.raises(DataError, match="one network that predicts once"):
        judge_holdout(outputs, False, None, None, console)
    judge_holdout(outputs, True, None, None, console)
    assert "one network and flips" in " ".join(console.file.getvalue().split())
