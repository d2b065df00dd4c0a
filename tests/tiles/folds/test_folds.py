"""Folds: even strata for any survey, mosaics together where asked for, a hold-out apart."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score
from sklearn.model_selection import StratifiedKFold

from saltseg.errors import DataError
from saltseg.params import DIVISIONS, Split
from saltseg.tiles.folds.dividing import check_spread, make_folds, spread_table
from saltseg.tiles.folds.strata import merge_rare
from saltseg.tiles.folds.table import HOLDOUT


def tiles_of(coverage: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"id": [f"t{n}" for n in range(len(coverage))], "coverage": coverage})


def split(
    coverage: list[float] | np.ndarray,
    n_splits: int,
    seed: int = 1337,
    groups: np.ndarray | None = None,
    holdout: float = 0.0,
) -> tuple[pd.DataFrame, list[str]]:
    """Stratified folds, or with `groups` grouped ones."""
    strategy = "stratified" if groups is None else "grouped"
    alone = np.arange(len(coverage)) if groups is None else groups
    options = Split(n_splits=n_splits, strategy=strategy, holdout=holdout, seed=seed)
    return make_folds(tiles_of(list(coverage)), alone, options)


def test_split_is_that_of_scikit_learn() -> None:
    coverage = np.repeat([0.0, 0.05, 0.55, 1.0], [39, 20, 23, 18])
    coverage = np.random.default_rng(0).permutation(coverage)
    folds, told = split(coverage, 5)
    splitter = StratifiedKFold(5, shuffle=True, random_state=1337)
    labels = np.ceil(coverage * 10).astype(int)
    for fold, (_, held_out) in enumerate(splitter.split(coverage, labels)):
        assert np.flatnonzero(folds["fold"] == fold).tolist() == held_out.tolist()
    assert folds["coverage_class"].tolist() == labels.tolist()
    assert folds["id"].tolist() == [f"t{n}" for n in range(100)]
    assert told == []


def test_another_seed_is_another_split() -> None:
    coverage = [0.0] * 20 + [0.5] * 20
    one, two, again = (split(coverage, 4, seed)[0]["fold"].tolist() for seed in (1, 2, 1))
    assert one != two
    assert one == again


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_any_survey_is_split_evenly(data: st.DataObject) -> None:
    some = st.one_of(st.just(0.0), st.floats(0, 1))
    coverage = data.draw(st.lists(some, min_size=2, max_size=60))
    n_splits = data.draw(st.integers(2, min(10, len(coverage))))
    folds, told = split(coverage, n_splits)
    told = [sentence for sentence in told if sentence.startswith("coverage class")]
    assert len(folds) == len(coverage)
    assert set(folds["fold"]) == set(range(n_splits))
    strata, told_again = merge_rare(folds["coverage_class"].to_numpy(), n_splits)
    assert told == told_again
    assert bool(told) == (strata.tolist() != folds["coverage_class"].tolist())
    for stratum in np.unique(strata):
        counts = np.bincount(folds["fold"][strata == stratum], minlength=n_splits)
        assert counts.max() - counts.min() <= 1


def test_table_keeps_the_classes_that_were_joined() -> None:
    folds, told = split([0.0] * 10 + [0.95], 5)
    assert folds["coverage_class"].iloc[-1] == 10
    assert len([sentence for sentence in told if "class 10" in sentence]) == 1


def test_fewer_tiles_than_folds() -> None:
    with pytest.raises(DataError, match=r"split.n_splits: 5 folds need more than 4 tiles; lower"):
        split([0, 0.1, 0.2, 0.3], 5)


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
    tiles = tiles_of([0.0, 0.5, 0.0, 0.3, 1.0])
    folds = pd.DataFrame({"fold": [0, 0, 1, 1, HOLDOUT], "coverage_class": [0, 5, 0, 3, 10]})
    table = spread_table(folds, tiles)
    assert table.index.tolist() == ["0", "1", "hold-out"]
    assert table["tiles"].tolist() == [2, 2, 1]
    assert table["coverage"].tolist() == [0.25, 0.15, 1]
    assert table[3].tolist() == [0, 1, 0]


@st.composite
def surveys(draw: st.DrawFn) -> tuple[np.ndarray, np.ndarray]:
    """Coverage and mosaic of some 600 tiles; mosaics of up to 20, alike within one."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    sizes = random.integers(1, draw(st.integers(2, 20)), 600)
    groups = np.repeat(np.arange(600), sizes)[:600]
    level = random.choice([0, 0, *random.random(10)], 600)
    groups = random.permutation(groups)
    return np.clip(level[groups] + random.normal(0, 0.15, 600), 0, 1), groups


@settings(max_examples=10, deadline=None)
@given(surveys(), st.integers(2, 8), st.sampled_from([0.0, 0.05, 0.15, 0.3]))
def test_grouped_folds_never_split_a_mosaic_and_stay_even(
    survey: tuple[np.ndarray, np.ndarray], n_splits: int, holdout: float
) -> None:
    """The bound: sizes within a tenth and a mosaic of the mean, mean coverage within 0.1."""
    coverage, groups = survey
    folds, _ = split(coverage, n_splits, groups=groups, holdout=holdout)
    assert (folds.groupby("group")["fold"].nunique() == 1).all()
    assert folds["group"].tolist() == groups.tolist()
    unseen = folds["fold"] == HOLDOUT
    largest = np.bincount(groups).max()
    assert abs(unseen.sum() - holdout * 600) <= 0.1 * holdout * 600 + largest
    kept = folds[~unseen].assign(coverage=coverage[~unseen])
    sizes = kept.groupby("fold").size()
    assert set(sizes.index) == set(range(n_splits))
    assert (abs(sizes - len(kept) / n_splits) <= 0.1 * len(kept) / n_splits + largest).all()
    means = kept.groupby("fold")["coverage"].mean()
    assert (abs(means - kept["coverage"].mean()) <= 0.1).all()


@pytest.mark.parametrize("grouped", [False, True])
def test_divisions_are_other_folds_of_the_same_tiles(grouped: bool) -> None:
    draw = np.random.default_rng(0)
    coverage, groups = draw.choice([0, 0.3, 0.7], 400), draw.integers(0, 200, 400)
    folds, _ = split(coverage, 4, groups=groups if grouped else None, holdout=0.1)
    columns = ["fold", *(f"fold_{n}" for n in range(1, DIVISIONS))]
    assert list(folds) == ["id", "fold", "coverage_class", "group", *columns[1:]]
    unseen = folds["fold"] == HOLDOUT
    for division, column in enumerate(columns):
        assert (folds[column] == HOLDOUT).equals(unseen)
        kept = folds[~unseen]
        assert set(kept[column]) == set(range(4 * division, 4 * division + 4))
        if grouped:
            assert (kept.groupby("group")[column].nunique() == 1).all()
        else:
            check_spread(kept["coverage_class"].to_numpy(), kept[column].to_numpy())
        # 0 where one says nothing of the other; large mosaics are dealt out first.
        for other in columns[:division]:
            assert abs(adjusted_rand_score(kept[column], kept[other])) < 0.1


@pytest.mark.parametrize("holdout", [0.1, 0.15, 0.37])
def test_stratified_holdout_has_its_share_of_every_class(holdout: float) -> None:
    coverage = np.random.default_rng(0).permutation(
        np.repeat([0, 0.05, 0.55, 1], [390, 200, 230, 180])
    )
    folds, told = split(coverage, 5, holdout=holdout)
    unseen = folds["fold"] == HOLDOUT
    assert unseen.sum() == round(1000 * holdout)
    by_class = unseen.groupby(folds["coverage_class"]).mean()
    assert (abs(by_class - holdout) < 0.01).all()
    assert set(folds["fold"][~unseen]) == set(range(5))
    assert told == []


@pytest.mark.parametrize(("holdout", "share"), [(0.005, 0.05), (0.03, 0.05), (0.15, 0.15)])
def test_grouped_holdout_is_made_of_twentieths(holdout: float, share: float) -> None:
    coverage, groups = np.random.default_rng(0).random(800), np.arange(400).repeat(2)
    folds, told = split(coverage, 5, groups=groups, holdout=holdout)
    assert (folds["fold"] == HOLDOUT).mean() == pytest.approx(share, abs=0.01)
    said = any("of the tiles in place of" in sentence for sentence in told)
    assert said is (holdout != share)


def test_no_holdout_leaves_the_folds_as_they_are() -> None:
    coverage = np.random.default_rng(0).random(200)
    assert (split(coverage, 5)[0]["fold"] >= 0).all()


def test_uneven_folds_are_told() -> None:
    """One mosaic holds all the salt."""
    groups = np.array([0] * 20 + list(range(1, 41)))
    _, told = split([1.0] * 20 + [0.0] * 40, 3, groups=groups)
    assert any("whole mosaics divide no better" in sentence for sentence in told)


@pytest.mark.parametrize(
    ("groups", "holdout", "expected"),
    [
        ([0] * 30 + [1] * 30, 0.0, "5 folds need more than 2 mosaics and single tiles"),
        ([0] * 30 + [1] * 30, 0.15, "5 folds and a hold-out of 0.15 need more than 2 mosaics"),
    ],
)
def test_too_little_to_divide(groups: list[int], holdout: float, expected: str) -> None:
    with pytest.raises(DataError, match=expected):
        split(np.linspace(0, 1, 60), 5, groups=np.array(groups), holdout=holdout)
