"""Leaks, counted by hand."""

import pandas as pd
import pytest

from saltseg.tiles.folds.leaks import leak_sentences, leaks

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


def shares(scored: list[int] | None = None, **fold: int) -> dict[str, float]:
    return leaks(pd.DataFrame({"id": list(fold), "fold": list(fold.values())}), MOSAICS, scored)


def test_by_hand() -> None:
    # c has a above itself in another fold, so a and c leak; b only shares the mosaic.
    assert shares(a=0, b=0, c=1, f=1, g=2, h=2) == {
        "neighbour": round(2 / 6, 6),
        "mosaic": round(3 / 6, 6),
        "copy": 0,
    }


def test_grouped_folds_do_not_leak() -> None:
    assert shares(a=0, b=0, c=0, f=1, g=2, h=2) == {"neighbour": 0, "mosaic": 0, "copy": 0}


def test_nothing_leaks_from_the_holdout_and_what_leaks_into_it_stands_apart() -> None:
    """h is never trained on; g beside it is, by the network of fold 1."""
    found = shares(g=0, h=-1, f=1)
    assert found["neighbour"] == found["mosaic"] == 0
    assert found["holdout_neighbour"] == found["holdout_mosaic"] == 1
    assert found["holdout_copy"] == 0
    assert "holdout_copy" not in shares(g=0, h=0, f=1)


def test_only_folds_that_have_a_network_count() -> None:
    """Fold 0 of g alone is trained: h of fold 1 is trained on, and scored by nobody."""
    found = shares(scored=[0], g=0, h=1, f=0, a=-1, b=0, c=1)
    assert found["neighbour"] == round(1 / 3, 6)
    # a lies beside b, that the network of fold 0 has not seen, and beside c, that it has.
    assert found["holdout_neighbour"] == 1
    assert shares(scored=[0], g=0, h=1, a=-1, b=0)["holdout_neighbour"] == 0
    assert shares(scored=[0, 1], g=0, h=1, a=-1, b=0)["holdout_neighbour"] == 1


def test_each_division_leaks_by_itself() -> None:
    """The first keeps all mosaics together, the second parts g from h and a from c."""
    folds = pd.DataFrame({"id": list("abcfgh"), "fold": [0, 0, 0, 1, 1, 1]})
    folds["fold_1"] = [2, 2, 3, 3, 2, 3]
    assert leaks(folds, MOSAICS, [0, 1])["neighbour"] == 0
    alone = leaks(folds, MOSAICS, [2, 3])
    assert alone["neighbour"] == round(4 / 6, 6)
    assert leaks(folds, MOSAICS, [0, 1, 2, 3])["neighbour"] == round(4 / 12, 6)
    assert leaks(folds, MOSAICS, [0, 2])["mosaic"] == round(3 / 6, 6)


def test_neighbour_to_the_left_and_above() -> None:
    assert shares(b=1, a=0, c=0)["neighbour"] == round(2 / 3, 6)
    assert shares(b=0, a=0, c=1)["neighbour"] == round(2 / 3, 6)


@pytest.mark.parametrize(("fold", "copies", "beside"), [(0, 0, 0), (1, 2 / 3, 1), (-1, 0, 0)])
def test_copies_share_a_place(fold: int, copies: float, beside: float) -> None:
    """a lies there twice, b beside both."""
    places = {"group": 0, "row": 0, "column": [0, 0, 1]}
    mosaics = pd.DataFrame({"id": ["a", "a (1)", "b"], **places})
    folds = pd.DataFrame({"id": ["a", "a (1)", "b"], "fold": [0, fold, 0]})
    found = leaks(folds, mosaics)
    assert found["copy"] == round(copies, 6)
    # Of a (1) in fold 1 the neighbour b is in fold 0, and of b the neighbour a (1) in fold 1.
    assert found["neighbour"] == round(2 / 3, 6) * beside
    if fold == -1:
        assert found["holdout_copy"] == found["holdout_neighbour"] == 0


def test_told() -> None:
    assert list(leak_sentences({"neighbour": 0.0642, "mosaic": 0.0731, "copy": 0.001})) == [
        "6.4% of the tiles touch one of another fold, 7.3% share its mosaic (as far as mosaics"
        " were found), 0.1% are its copy"
    ]
    told = list(leak_sentences(shares(g=0, h=-1, f=1)))
    assert told[1].startswith("100.0% of the hold-out's tiles touch one of another fold")
