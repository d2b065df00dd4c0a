"""Two locks of the same stages, compared."""

from typing import Any

import pytest

from saltseg.records.rerun import StageRerun, compare_locks, is_made

FILES = {
    "old.dir": {"best.weights.h5": "w0", "deep/oof.npy": "o0", "engine.json": "e0"},
    "new.dir": {"best.weights.h5": "w1", "deep/oof.npy": "o1", "engine.json": "e0"},
    "more.dir": {"best.weights.h5": "w0", "deep/oof.npy": "o0", "extra.csv": "x0"},
}
FOLDS, MODEL, SCORES = "data/folds.csv", "models/plain/fold-0", "metrics/summary.json"
NAMES = ["split", "train@plain-0", "evaluate"]


def lock(
    folds: str = "f0", model: str = "old.dir", scores: str = "s0", code: str = "c0", seed: int = 1
) -> dict[str, Any]:
    """Three stages, each of which takes what the one before it gives."""
    return {
        "split": {
            "cmd": "python split.py",
            "deps": [{"path": "src/folds.py", "md5": code}],
            "params": {"params.yaml": {"seed": seed}},
            "outs": [{"path": FOLDS, "md5": folds}],
        },
        "train@plain-0": {
            "deps": [{"path": FOLDS, "md5": folds}],
            "outs": [{"path": MODEL, "md5": model}],
        },
        "evaluate": {
            # The folder around the folds.
            "deps": [{"path": "models/plain", "md5": f"around {model}"}],
            "outs": [{"path": SCORES, "md5": scores}, {"path": "metrics/tiles.csv", "md5": "t0"}],
        },
    }


def compare(before: dict[str, Any], after: dict[str, Any]) -> dict[str, StageRerun]:
    return {found.stage: found for found in compare_locks(before, after, NAMES, FILES.get)}


def test_the_same_bytes() -> None:
    found = compare(lock(), lock())
    assert list(found) == NAMES
    assert all(stage.differing == () and not stage.fed_otherwise for stage in found.values())
    assert found["evaluate"].outputs == (SCORES, "metrics/tiles.csv")


@pytest.mark.parametrize(
    ("other", "files"),
    [("new.dir", "best.weights.h5, deep/oof.npy"), ("more.dir", "engine.json, extra.csv")],
)
def test_files_of_a_folder_are_named(other: str, files: str) -> None:
    found = compare(lock(), lock(model=other))
    assert found["split"].differing == ()
    assert found["train@plain-0"].differing == (f"{MODEL}: {files}",)
    assert not found["train@plain-0"].fed_otherwise


def test_a_folder_whose_files_are_forgotten_is_named_itself() -> None:
    found = compare(lock(model="gone.dir"), lock())
    (told,) = found["train@plain-0"].differing
    assert told.startswith(f"{MODEL} (")
    assert "not in DVC's cache" in told


def test_what_follows_from_other_inputs_is_told_apart() -> None:
    found = compare(lock(), lock(folds="f1", scores="s1", model="new.dir"))
    assert found["split"] == StageRerun("split", (FOLDS,), (FOLDS,), fed_otherwise=False)
    assert found["train@plain-0"].fed_otherwise
    assert found["evaluate"] == StageRerun(
        "evaluate", (SCORES, "metrics/tiles.csv"), (SCORES,), fed_otherwise=True
    )


def test_the_same_bytes_from_other_inputs_are_identical() -> None:
    found = compare(lock(), lock(folds="f1"))
    assert found["split"].differing == (FOLDS,)
    assert found["train@plain-0"].differing == ()


def test_inputs_edited_meanwhile_are_told() -> None:
    found = compare(lock(), lock(code="c1", seed=2))
    assert found["split"].differing == (
        "input seed, changed meanwhile",
        "input src/folds.py, changed meanwhile",
    )
    assert found["train@plain-0"].differing == found["evaluate"].differing == ()


def test_a_stage_missing_and_a_stage_more() -> None:
    less = {name: stage for name, stage in lock().items() if name != "split"}
    (gone,) = compare(lock(), less)["split"].differing
    assert gone == "the stage is not recorded any more"
    (new,) = compare(less, lock())["split"].differing
    assert new == "the stage was not recorded before"
    assert compare(less, lock())["split"].outputs == (FOLDS,)


def test_an_output_missing_and_an_output_more() -> None:
    less = lock()
    less["evaluate"]["outs"].pop()
    assert compare(lock(), less)["evaluate"].differing == ("metrics/tiles.csv (only before)",)
    assert compare(less, lock())["evaluate"].differing == ("metrics/tiles.csv (only now)",)


def test_stages_not_asked_for_do_not_count() -> None:
    (only,) = compare_locks(lock(), lock(folds="f1"), ["evaluate", "evaluate"], FILES.get)
    assert only.differing == ()


@pytest.mark.parametrize(
    ("path", "made"),
    [
        (FOLDS, True),
        ("models/plain", True),
        (f"{MODEL}/oof.npy", True),
        ("data/folds", False),
        ("models/plain/fold-00", False),
        ("src/folds.py", False),
    ],
)
def test_outputs_and_what_lies_in_or_around_them(path: str, made: bool) -> None:
    assert is_made(path, {FOLDS, MODEL}) is made
