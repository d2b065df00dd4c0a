"""The table of mosaics: what is told of it, and what is refused."""

from pathlib import Path

import pandas as pd
import pytest

from saltseg.errors import DataError
from saltseg.tiles.mosaics.table import groups_of, mosaic_sentence, read_mosaics

TABLE = pd.DataFrame(
    {"id": ["007", "NA", "x", "y"], "group": [0, 0, 1, 2], "row": [0, 1, 0, 0], "column": 0}
)


def test_round_trip(tmp_path: Path) -> None:
    TABLE.to_csv(tmp_path / "mosaics.csv", index=False)
    pd.testing.assert_frame_equal(read_mosaics(tmp_path / "mosaics.csv"), TABLE)


def test_groups_in_the_order_asked_for() -> None:
    assert groups_of(TABLE, pd.Series(["y", "007"])).tolist() == [2, 0]


def test_tile_of_another_survey() -> None:
    with pytest.raises(DataError, match=r"tile z has no row in data/mosaics.csv; run `dvc repro`"):
        groups_of(TABLE, pd.Series(["x", "z"]))


def test_what_is_told() -> None:
    assert mosaic_sentence(TABLE) == "2 of 4 tiles lie in 1 mosaics, the largest of 2"
    assert mosaic_sentence(TABLE[1:]) == "no two of 3 tiles fit each other clearly"


def test_copies_are_told_apart() -> None:
    copies = pd.concat([TABLE, TABLE[1:3].assign(id=["b", "c"])])
    told = "2 of 6 tiles lie in 1 mosaics, the largest of 2; 2 are copies of others"
    assert mosaic_sentence(copies) == told
    assert mosaic_sentence(copies[2:]) == (
        "no two of 4 tiles fit each other clearly; 1 are copies of others"
    )


@pytest.mark.parametrize("row", ["a,-1,0,0", "a,0,0.5,0", "a,0,0,x", ",0,0,0"])
def test_malicious_rows(tmp_path: Path, row: str) -> None:
    path = tmp_path / "mosaics.csv"
    path.write_text(f"id,group,row,column\n{row}\n")
    with pytest.raises(DataError, match="holds something else than"):
        read_mosaics(path)
