"""The table of scores, from real files."""

import io
import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import yaml
from fsspec.implementations.dirfs import DirFileSystem
from rich.console import Console

from saltseg.errors import DataError
from saltseg.report.scores import scores_table
from saltseg.runs.outputs import Outputs
from saltseg.runs.provenance import Origin


def outputs(folder: Path, name: str, score: float | None, folds: int = 2) -> Outputs:
    (folder / name / "metrics").mkdir(parents=True)
    (folder / name / "params.yaml").write_text(yaml.safe_dump({"backbone": "plain"}))
    if score is not None:
        scores = {key: {"mean": score, "std": 0.01} for key in ("map_iou", "iou")}
        network = {"parameters": 2_000_000, "gflops": 0.5}
        summary = scores | {
            "fold": {str(n): {} for n in range(folds)},
            "network": network,
            "empty_map_iou": 0.39,
        }
        (folder / name / "metrics/summary.json").write_text(json.dumps(summary))
    return Outputs(name, Origin(), DirFileSystem(str(folder / name)))


def printed(found: Sequence[Outputs]) -> str:
    console = Console(file=io.StringIO(), width=80)
    console.print(scores_table(found))
    return console.file.getvalue()


def test_table_has_the_best_first_and_the_floor(tmp_path: Path) -> None:
    found = [outputs(tmp_path, *row) for row in (("worse", 0.4), ("better", 0.6), ("none", None))]
    text = printed(found)
    assert text.index("better") < text.index("worse")
    assert "none" not in text
    assert "0.600 ± 0.010" in text
    assert "0.390" in text
    assert "single fold" not in text


def test_a_single_fold_has_no_spread(tmp_path: Path) -> None:
    found = [outputs(tmp_path, "three", 0.5, 3), outputs(tmp_path, "alone", 0.7, 1)]
    lines = printed(found).splitlines()
    (alone,) = [line for line in lines if "alone" in line]
    assert alone.split()[2:7] == ["1", "0.700", "±", "-", "0.700"]
    assert "A single fold has no spread (-)" in " ".join(" ".join(lines).split())


def test_scores_of_an_older_commit_are_shown(tmp_path: Path) -> None:
    old = outputs(tmp_path, "old", 0.5)
    summary = json.loads(old.read("metrics/summary.json"))
    for name in ("network", "empty_map_iou", "iou"):
        del summary[name]
    (tmp_path / "old/metrics/summary.json").write_text(json.dumps(summary))
    text = printed([old])
    assert "0.500 ± 0.010" in text
    assert text.count("recorded") == 4


def test_a_network_that_could_not_be_counted_is_shown(tmp_path: Path) -> None:
    one = outputs(tmp_path, "one", 0.5)
    summary = json.loads(one.read("metrics/summary.json"))
    summary["network"]["gflops"] = None
    (tmp_path / "one/metrics/summary.json").write_text(json.dumps(summary))
    assert "2.0 M" in (text := printed([one]))
    assert text.count("recorded") == 1


def test_nothing_scored_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no metrics/summary\.json in none; run `dvc repro`"):
        scores_table([outputs(tmp_path, "none", None)])
