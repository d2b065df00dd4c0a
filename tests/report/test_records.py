"""Reports for other programs: what is in them, and that any JSON or CSV reader takes them."""

import io
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pandas as pd

from saltseg.report.records import as_csv, as_json, score_records
from saltseg.runs.outputs import Outputs
from saltseg.runs.provenance import Origin


class Ends(NamedTuple):
    low: float
    high: float


@dataclass
class Found:
    name: str
    ends: Ends
    by_fold: pd.Series
    table: pd.DataFrame


def test_all_that_reports_are_made_of_is_json() -> None:
    by_fold = pd.Series([0.5, math.nan], index=[0, 1])
    table = pd.DataFrame({"coverage_class": [0, 3], "low": [0.25, np.nan]})
    found = Found("ä", Ends(-math.inf, np.float64(0.5)), by_fold, table)
    assert json.loads(as_json([found])) == [
        {
            "name": "ä",
            "ends": {"low": None, "high": 0.5},
            "by_fold": {"0": 0.5, "1": None},
            "table": [{"coverage_class": 0, "low": 0.25}, {"coverage_class": 3, "low": None}],
        }
    ]


def test_values_within_values_are_columns() -> None:
    records = [{"name": "a, b", "map_iou": {"mean": 0.5}}, {"name": "c", "map_iou": {"mean": 1}}]
    table = pd.read_csv(io.StringIO(as_csv(records)))
    assert table.to_dict("list") == {"name": ["a, b", "c"], "map_iou.mean": [0.5, 1.0]}
    assert as_csv([]) == ""


class Files:
    """metrics/summary.json and params.yaml of a run."""

    def __init__(self, summary: dict | None) -> None:
        self._files = {"params.yaml": b"backbone: plain"}
        if summary is not None:
            self._files["metrics/summary.json"] = json.dumps(summary).encode()

    def exists(self, path: str) -> bool:
        return path in self._files

    def cat_file(self, path: str) -> bytes:
        return self._files[path]


def test_scores_are_those_of_the_summary(tmp_path: Path) -> None:
    summary = {"map_iou": {"mean": 0.5, "std": 0.1}}
    found = [Outputs(n, Origin(), Files(s)) for n, s in (("one", summary), ("none", None))]
    assert score_records(found) == [{"experiment": "one", "backbone": "plain", **summary}]
