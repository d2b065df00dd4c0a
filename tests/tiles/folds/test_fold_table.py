"""The fold table: read as it was written, or refused in one line."""

from pathlib import Path

import pandas as pd
import pytest

from saltseg.errors import DataError
from saltseg.tiles.folds.table import divisions, read_folds


def test_fold_table_round_trip(tmp_path: Path) -> None:
    ids = ["007", "1e5", "000", "abc", "12", "NA1"]
    folds = pd.DataFrame({"id": ids, "fold": [0, 1, -1, 1, 0, 1], "coverage_class": 3, "group": 2})
    folds["fold_1"] = [2, 2, -1, 3, 3, 3]
    folds.to_csv(tmp_path / "folds.csv", index=False)
    pd.testing.assert_frame_equal(read_folds(tmp_path / "folds.csv"), folds)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "No such file"),
        ("", "no readable table"),
        ("id,fold\na,0\n", "column coverage_class is missing"),
        ("id,fold,coverage_class,group\na,0,0,0\nb,0,0,0,0\n", "no readable table"),
        ("id,fold,coverage_class,group\na,0,0,0\nb,,0,1\n", "column fold holds something else"),
        ("id,fold,coverage_class,group\na,0,0,0\nb,one,0,1\n", "column fold holds something else"),
        ("id,fold,fold_1,coverage_class,group\na,0,x,0,0\n", "column fold_1 holds something else"),
    ],
    ids=[
        "missing",
        "empty",
        "lacks a column",
        "malformed",
        "fold missing",
        "fold no number",
        "later fold no number",
    ],
)
def test_unusable_fold_table(tmp_path: Path, content: str | None, expected: str) -> None:
    path = tmp_path / "folds.csv"
    if content is not None:
        path.write_text(content)
    with pytest.raises(DataError) as caught:
        read_folds(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert expected in message
    assert "dvc repro" in message
    assert "\n" not in message


def test_folds_of_several_divisions() -> None:
    table = pd.DataFrame({"id": ["a", "b", "c"], "fold": [0, 1, -1], "fold_1": [3, 2, -1]})
    table["fold_2"] = [4, 5, -1]
    (first, own), (third, others) = divisions(table, [5, 0, 4])
    assert (own, others) == ([0], [5, 4])
    assert list(first) == list(third) == ["id", "fold"]
    assert first["fold"].tolist() == [0, 1, -1]
    assert third["fold"].tolist() == [4, 5, -1]


@pytest.mark.parametrize("fold", [6, -1])
def test_a_fold_that_no_division_has(fold: int) -> None:
    table = pd.DataFrame({"id": ["a", "b", "c"], "fold": [0, 1, -1], "fold_1": [5, 4, -1]})
    with pytest.raises(DataError, match=rf"fold {fold} is not in the fold table, which has 0\.\.5"):
        divisions(table, [0, fold])
