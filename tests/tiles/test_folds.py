"""Folds: coverage classes by hand, even strata for any survey."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.model_selection import StratifiedKFold

from saltseg.errors import DataError
from saltseg.tiles.folds import (
    check_spread,
    coverage_class,
    make_folds,
    merge_rare,
    read_folds,
    spread_table,
)


def tiles_of(coverage: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"id": [f"t{n}" for n in range(len(coverage))], "coverage": coverage})


@pytest.mark.parametrize(
    ("coverage", "expected"),
    [
        (0, 0),
        (1e-9, 1),
        (1 / 101**2, 1),
        (0.1, 1),
        (0.1000001, 2),
        (0.2, 2),
        (0.3, 3),
        (0.1 + 0.2, 3),  # 0.30000000000000004
        (0.3000001, 4),
        (0.7, 7),
        (0.9999, 10),
        (1.0, 10),
    ],
)
def test_coverage_class_boundaries(coverage: float, expected: int) -> None:
    assert coverage_class(np.array([coverage])).tolist() == [expected]


def test_every_tenth_belongs_to_the_class_below() -> None:
    assert coverage_class(np.arange(11) / 10).tolist() == list(range(11))


def test_split_is_that_of_scikit_learn() -> None:
    coverage = np.repeat([0.0, 0.05, 0.55, 1.0], [39, 20, 23, 18])
    coverage = np.random.default_rng(0).permutation(coverage)
    folds, told = make_folds(tiles_of(coverage.tolist()), n_splits=5, seed=1337)
    splitter = StratifiedKFold(5, shuffle=True, random_state=1337)
    labels = np.ceil(coverage * 10).astype(int)
    for fold, (_, held_out) in enumerate(splitter.split(coverage, labels)):
        assert np.flatnonzero(folds["fold"] == fold).tolist() == held_out.tolist()
    assert folds["coverage_class"].tolist() == labels.tolist()
    assert folds["id"].tolist() == [f"t{n}" for n in range(100)]
    assert told == []


def test_another_seed_is_another_split() -> None:
    tiles = tiles_of([0.0] * 20 + [0.5] * 20)
    one, two = (make_folds(tiles, 4, seed)[0]["fold"].tolist() for seed in (1, 2))
    assert one != two
    assert one == make_folds(tiles, 4, 1)[0]["fold"].tolist()


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_survey_is_split_evenly(data: st.DataObject) -> None:
    some = st.one_of(st.just(0.0), st.floats(0, 1))
    coverage = data.draw(st.lists(some, min_size=2, max_size=60))
    n_splits = data.draw(st.integers(2, min(10, len(coverage))))
    folds, told = make_folds(tiles_of(coverage), n_splits, seed=1337)
    assert len(folds) == len(coverage)
    assert set(folds["fold"]) == set(range(n_splits))
    strata, told_again = merge_rare(folds["coverage_class"].to_numpy(), n_splits)
    assert told == told_again
    assert bool(told) == (strata.tolist() != folds["coverage_class"].tolist())
    for stratum in np.unique(strata):
        counts = np.bincount(folds["fold"][strata == stratum], minlength=n_splits)
        assert counts.max() - counts.min() <= 1


def test_rare_classes_join_the_next_lower_one_and_it_is_told() -> None:
    classes = np.repeat([0, 2, 7, 10], [8, 6, 3, 1])
    strata, told = merge_rare(classes, 5)
    # The lone tile of class 10 joins class 7, whose four tiles then join class 2.
    assert strata.tolist() == np.repeat([0, 2], [8, 10]).tolist()
    assert told == [
        "coverage class 10 has 1 tiles, fewer than 5 folds: split together with class 7",
        "coverage class 7 has 4 tiles, fewer than 5 folds: split together with class 2",
    ]
    assert classes.tolist() == np.repeat([0, 2, 7, 10], [8, 6, 3, 1]).tolist()


def test_rare_class_0_joins_the_next_higher_one() -> None:
    strata, told = merge_rare(np.repeat([0, 4, 9], [2, 7, 7]), 5)
    assert strata.tolist() == np.repeat([4, 9], [9, 7]).tolist()
    assert told == ["coverage class 0 has 2 tiles, fewer than 5 folds: split together with class 4"]


def test_table_keeps_the_classes_that_were_joined() -> None:
    folds, told = make_folds(tiles_of([0.0] * 10 + [0.95]), 5, seed=1)
    assert folds["coverage_class"].iloc[-1] == 10
    assert len(told) == 1


def test_fewer_tiles_than_folds() -> None:
    with pytest.raises(DataError, match=r"split.n_splits: 5 folds .* there are 4; lower"):
        make_folds(tiles_of([0, 0.1, 0.2, 0.3]), 5, seed=1)


def test_random_split_is_refused() -> None:
    random = np.random.default_rng(0)
    strata = np.repeat([0, 3], 100)
    with pytest.raises(DataError, match="coverage class 0 is spread unevenly") as caught:
        check_spread(strata, random.integers(0, 5, 200))
    assert "\n" not in str(caught.value)


def test_one_tile_more_is_even_two_are_not() -> None:
    check_spread(np.zeros(5, int), np.array([0, 0, 0, 1, 1]))
    with pytest.raises(DataError, match=r"\[4, 2\]"):
        check_spread(np.zeros(6, int), np.array([0, 0, 0, 0, 1, 1]))


def test_spread_table_counts() -> None:
    tiles = tiles_of([0.0, 0.5, 0.0, 0.3])
    folds = pd.DataFrame({"fold": [0, 0, 1, 1], "coverage_class": [0, 5, 0, 3]})
    table = spread_table(folds, tiles)
    assert table["tiles"].tolist() == [2, 2]
    assert table["coverage"].tolist() == [0.25, 0.15]
    assert table[3].tolist() == [0, 1]


def test_fold_table_round_trip(tmp_path: Path) -> None:
    folds, _ = make_folds(tiles_of([0.0] * 6), 2, seed=1)
    folds["id"] = ["007", "1e5", "000", "abc", "12", "NA1"]
    folds.to_csv(tmp_path / "folds.csv", index=False)
    pd.testing.assert_frame_equal(read_folds(tmp_path / "folds.csv"), folds)


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "No such file"),
        ("", "no readable table"),
        ("id,fold\na,0\n", "column coverage_class is missing"),
        ("id,fold,coverage_class\na,0,0\nb,0,0,0,0\n", "no readable table"),
        ("id,fold,coverage_class\na,0,0\nb,,0\n", "column fold holds something else"),
        ("id,fold,coverage_class\na,0,0\nb,one,0\n", "column fold holds something else"),
    ],
    ids=["missing", "empty", "lacks a column", "malformed", "fold missing", "fold no number"],
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
