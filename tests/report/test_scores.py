"""The table of scores, from real files."""

import json
from pathlib import Path

import pytest
import yaml
from fsspec.implementations.dirfs import DirFileSystem
from rich.console import Console

from saltseg.errors import DataError
from saltseg.records.outputs import Outputs
from saltseg.records.provenance import Origin
from saltseg.report.scores import scores_table


def outputs(folder: Path, name: str, score: float | None) -> Outputs:
    (folder / name / "metrics").mkdir(parents=True)
    (folder / name / "params.yaml").write_text(yaml.safe_dump({"backbone": "plain"}))
    if score is not None:
        scores = {key: {"mean": score, "std": 0.01} for key in ("map_iou", "iou")}
        network = {"parameters": 2_000_000, "gflops": 0.5}
        summary = scores | {"fold": {"0": {}, "1": {}}, "network": network, "empty_map_iou": 0.39}
        (folder / name / "metrics/summary.json").write_text(json.dumps(summary))
    return Outputs(name, Origin(), DirFileSystem(str(folder / name)))


def test_table_has_the_best_first_and_the_floor(tmp_path: Path) -> None:
    found = [outputs(tmp_path, *row) for row in (("worse", 0.4), ("better", 0.6), ("none", None))]
    console = Console(record=True, width=80, quiet=False, file=(tmp_path / "out").open("w"))
    console.print(scores_table(found))
    text = console.export_text()
    assert text.index("better") < text.index("worse")
    assert "none" not in text
    assert "0.600 ± 0.010" in text
    assert "0.390" in text


def test_nothing_scored_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"no metrics/summary\.json in none; run `dvc repro`"):
        scores_table([outputs(tmp_path, "none", None)])
