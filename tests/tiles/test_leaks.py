"""Leaks, counted by hand."""

import pandas as pd

from saltseg.tiles.leaks import leaks

# Mosaic 0:  a b    a and c touch, b and c do not; e was cut below c and is unlabelled.
#            c .
#            e .    Mosaic 1: f alone. Mosaic 2: g h in one row, in one fold.
MOSAICS = pd.DataFrame(
    {
        "id": list("abcefgh"),
        "group": [0, 0, 0, 0, 1, 2, 2],
        "row": [0, 0, 1, 2, 0, 0, 0],
        "column": [0, 1, 0, 0, 0, 0, 1],
    }
)


def shares(**fold: int) -> dict[str, float]:
    return leaks(pd.DataFrame({"id": list(fold), "fold": list(fold.values())}), MOSAICS)


def test_by_hand() -> None:
    # c has a above itself in another fold, so a and c leak; b only shares the mosaic.
    assert shares(a=0, b=0, c=1, f=1, g=2, h=2) == {
        "neighbour": round(2 / 6, 6),
        "mosaic": round(3 / 6, 6),
    }


def test_grouped_folds_do_not_leak() -> None:
    assert shares(a=0, b=0, c=0, f=1, g=2, h=2) == {"neighbour": 0, "mosaic": 0}


def test_holdout_counts_as_a_fold() -> None:
    assert shares(g=0, h=-1) == {"neighbour": 1, "mosaic": 1}


def test_neighbour_to_the_left_and_above() -> None:
    assert shares(b=1, a=0, c=0)["neighbour"] == round(2 / 3, 6)
    assert shares(b=0, a=0, c=1)["neighbour"] == round(2 / 3, 6)
