"""The competition's score of a submission, by hand."""

from pathlib import Path

import pytest

from saltseg.comparison.submission import score_submission
from saltseg.errors import DataError


def table(path: Path, **rows: str) -> Path:
    path.write_text("id,rle_mask\n" + "".join(f"{id_},{text}\n" for id_, text in rows.items()))
    return path


def test_scores_by_hand(tmp_path: Path) -> None:
    truth = table(tmp_path / "a.csv", both="1 10", half="1 10", none="", false="", missed="5 2")
    found = table(tmp_path / "s.csv", missed="", false="1 1", none="", half="1 6", both="1 10")
    scores = score_submission(found, truth, 10, 10).set_index("id")
    assert scores["iou"].to_dict() == {"both": 1, "half": 0.6, "none": 1, "false": 0, "missed": 0}
    # IoU 0.6 is above 0.5 and 0.55: two of ten thresholds.
    assert scores.loc["half", "map_iou"] == pytest.approx(0.2)
    assert scores["map_iou"].mean() == pytest.approx((1 + 0.2 + 1) / 5)


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    truth = table(tmp_path / "a.csv", a="1 2", b="")
    for rows, expected in (
        ({"a": "1 2"}, "s.csv: no row for 1 tile (b)"),
        ({"a": "1 2", "b": "", "c": ""}, "a.csv: no row for 1 tile (c)"),
        ({"a": "1 2 3", "b": ""}, "s.csv: tile a: the run-length text holds 3 numbers"),
        ({"a": "99 3", "b": ""}, "s.csv: tile a: run 1"),
    ):
        with pytest.raises(DataError) as caught:
            score_submission(table(tmp_path / "s.csv", **rows), truth, 10, 10)
        assert expected in str(caught.value)
        assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="no tiles"):
        score_submission(table(tmp_path / "s.csv"), table(tmp_path / "a.csv"), 10, 10)
