"""What is printed about stages that ran anew."""

import io

import pytest
from rich.console import Console

from saltseg.records.reproduce import Reproduction
from saltseg.records.rerun import StageRerun
from saltseg.report.reproduction import hints, reproduction_table, verdict

SAME = StageRerun("split", ("data/folds.csv",))
OTHER = StageRerun(
    "train@plain-0", ("models/plain/fold-0",), ("models/plain/fold-0: best.weights.h5, oof.npy",)
)
SCORES = ("metrics/summary.json", "metrics/tiles.csv")
FOLLOWS = StageRerun("evaluate", SCORES, SCORES, fed_otherwise=True)


def found(*stages: StageRerun, commit: str | None = None) -> Reproduction:
    return Reproduction(stages, commit, "git checkout dvc.lock && dvc repro")


def test_table_has_outputs_and_what_differs_by_stage() -> None:
    console = Console(file=io.StringIO(), record=True, width=120)
    console.print(reproduction_table(found(SAME, OTHER, FOLLOWS)))
    lines = [" ".join(line.split()) for line in console.export_text().splitlines()]
    for line in (
        "split data/folds.csv identical",
        f"train@plain-0 models/plain/fold-0 differs: {OTHER.differing[0]}",
        f"evaluate {SCORES[0]} differs, as its inputs do: {'; '.join(SCORES)}",
        SCORES[1],
    ):
        assert line in lines


@pytest.mark.parametrize("commit", [None, "f00d123"])
def test_verdict_names_the_lock(commit: str | None) -> None:
    lock = "dvc.lock (committed in f00d123)" if commit else "dvc.lock"
    same, other = found(SAME, SAME, commit=commit), found(SAME, OTHER, FOLLOWS, commit=commit)
    assert verdict(same) == f"identical: 2 of 2 stages gave the very bytes of {lock}"
    assert verdict(other) == f"differs: 2 of 3 stages gave other bytes than those of {lock}"


def test_hints_say_where_to_look() -> None:
    assert hints(found(SAME)) == []
    (machines,) = hints(found(SAME, commit="f00d123"))
    assert "another machine" in machines
    weights, back = hints(found(SAME, OTHER))
    assert "train.threads" in weights
    assert "`git checkout dvc.lock && dvc repro` brings back" in back
    (back,) = hints(found(FOLLOWS))
    assert "brings back" in back
