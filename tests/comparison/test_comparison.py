"""Two networks compared: what the numbers are, and that the verdict says no more than they do."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from saltseg.comparison.differences import Difference
from saltseg.comparison.matrix import chances_matrix
from saltseg.comparison.networks import Comparison, Contestant, Cost, compare
from saltseg.comparison.paired import bootstrap_interval
from saltseg.comparison.posterior import Chances, Interval, fit_posterior, possible
from saltseg.comparison.verdict import chance_text, verdict_sentence
from saltseg.errors import DataError
from saltseg.report.tables import chances_table, differences_table, matrix_table


def contestant(label: str, seed: int, folds: int = 5, tiles: int = 40) -> Contestant:
    random = np.random.default_rng(seed)
    count = folds * tiles
    steps = random.integers(0, 11, count)
    scores = {"map_iou": steps / 10, "iou": (steps + 9) / 20, "dice": (steps + 10) / 21}
    table = pd.DataFrame(
        {
            "id": [f"{n:04}" for n in range(count)],
            "fold": np.arange(count) // tiles,
            "coverage_class": np.arange(count) % 11,
            **scores,
        }
    )
    return Contestant(label, table, pd.DataFrame(), 5, Cost(parameters=7, gflops=0.5))


FIRST, SECOND = contestant("resnet50", 1), contestant("vgg16", 2)


def ends(interval: Interval | None) -> tuple[float, float]:
    assert interval is not None
    return interval.low, interval.high


def test_numbers_by_hand() -> None:
    ids = [f"t{n}" for n in range(6)]
    second = pd.DataFrame(
        {"id": ids, "fold": [0, 0, 0, 1, 1, 2], "coverage_class": [0, 3, 3, 0, 3, 3]}
    ).assign(map_iou=[1, 0.5, 0.0, 1, 0.2, 0.5], iou=0.5, dice=0.5)
    first = second.assign(map_iou=[1, 0.8, 0.3, 1, 0.4, 0.9])
    # The second lacks t5, so fold 2 is left out.
    result = compare(
        replace(FIRST, tiles=first, n_splits=4), replace(SECOND, tiles=second.head(5), n_splits=4)
    )
    map_iou, iou, _ = result.differences
    # Fold 0: 2.1 / 3 and 1.5 / 3; fold 1: 1.4 / 2 and 1.2 / 2.
    assert (map_iou.first, map_iou.second) == pytest.approx((0.7, 0.55))
    assert map_iou.mean == pytest.approx(0.15)
    assert map_iou.by_fold.to_dict() == pytest.approx({0: 0.2, 1: 0.1})
    # S2 = 0.005, 12.706 for one degree of freedom: 12.706 * sqrt((1 / 2 + 1 / 3) * 0.005).
    by_hand = ends(fit_posterior(map_iou.by_fold, 1 / 3).interval(0.95))
    assert by_hand == pytest.approx((0.15 - 0.82017, 0.15 + 0.82017), abs=1e-4)
    # 0.7 can become 0 while 0.55 stays, or 0.55 become 0 while 0.7 stays.
    assert ends(map_iou.folds) == pytest.approx((-0.55, 0.7))
    assert (iou.mean, iou.tiles, iou.folds, iou.p_value) == (0, Interval(0, 0), Interval(0, 0), 1)
    means = result.classes[["coverage_class", "tiles", "first", "second", "difference"]]
    assert means.to_numpy().tolist() == [
        [0, 2, 1, 1, 0],
        [3, 3, pytest.approx(0.5), pytest.approx(0.7 / 3), pytest.approx(0.8 / 3)],
    ]


def test_each_interval_is_its_own_method() -> None:
    result = compare(FIRST, SECOND, seed=5)
    assert [row.score for row in result.differences] == ["map_iou", "iou", "dice"]
    for row in result.differences:
        per_tile = FIRST.tiles[row.score] - SECOND.tiles[row.score]
        tiles = bootstrap_interval(per_tile, FIRST.tiles["fold"], level=0.95, seed=5)
        assert row.tiles == tiles
        # Five folds: one tile tested on for four trained on.
        posterior = fit_posterior(row.by_fold, 1 / 4)
        assert row.posterior == posterior
        assert (row.folds, row.p_value) == (posterior.interval(0.95), posterior.p_value())
        assert row.chances == posterior.chances(0.01)
    assert (result.first, result.second, result.level) == ("resnet50", "vgg16", 0.95)


def test_divisions_of_the_same_tiles_are_repeats() -> None:
    """Each row meets that of its own division; tiles are drawn with all their rows."""

    def twice(one: Contestant, worse: float) -> Contestant:
        again = one.tiles.sample(frac=1, random_state=1).assign(fold=lambda t: t["fold"] + 5)
        again["map_iou"] -= worse
        both = pd.concat([one.tiles, again], ignore_index=True)
        return replace(one, tiles=both.assign(group=both["id"].astype(int)))

    result = compare(twice(FIRST, 0.3), twice(SECOND, 0.1)).differences[0]
    once = compare(FIRST, SECOND).differences[0]
    assert result.by_fold.index.tolist() == list(range(10))
    assert result.mean == pytest.approx(once.mean - 0.1)
    np.testing.assert_allclose(result.by_fold[5:], once.by_fold - 0.2)
    # Bouckaert and Frank 2004: ten folds, and still one tile tested on for four trained on.
    assert result.posterior == fit_posterior(result.by_fold, 1 / 4)
    # The same 200 tiles: twice their rows make no narrower interval.
    low, high = ends(result.tiles)
    narrow, wide = ends(once.tiles)
    assert high - low == pytest.approx(wide - narrow, rel=0.1)


def test_a_class_with_a_tile_in_each_fold_still_has_an_interval() -> None:
    chosen = FIRST.tiles["id"].isin(FIRST.tiles.groupby("fold")["id"].first())
    classes = np.where(chosen, 3, 0)
    result = compare(replace(FIRST, tiles=FIRST.tiles.assign(coverage_class=classes)), SECOND)
    rare = result.classes.set_index("coverage_class").loc[3]
    assert rare["tiles"] == 5
    assert rare["low"] < rare["difference"] - 0.05
    assert rare["high"] > rare["difference"] + 0.05


def test_with_itself_all_is_exactly_zero() -> None:
    result = compare(FIRST, replace(FIRST, label="again"))
    for row in result.differences:
        assert row.mean == 0
        assert not row.by_fold.any()
        assert (row.tiles, row.folds, row.p_value) == (Interval(0, 0), Interval(0, 0), 1)
        assert row.chances == Chances(0, 1, 0)
    assert not result.classes[["difference", "low", "high"]].to_numpy().any()
    assert result.verdict == (
        "resnet50 and again are identical in map_iou: the difference is exactly zero on all 200 "
        "tiles."
    )


def test_swapping_flips_every_sign() -> None:
    there, back = compare(FIRST, SECOND), compare(SECOND, FIRST)
    for one, other in zip(there.differences, back.differences, strict=True):
        assert (one.first, one.second) == (other.second, other.first)
        assert one.mean == -other.mean
        assert one.by_fold.tolist() == (-other.by_fold).tolist()
        assert one.p_value == pytest.approx(other.p_value)
        for mine, theirs in ((one.tiles, other.tiles), (one.folds, other.folds)):
            low, high = ends(theirs)
            assert ends(mine) == pytest.approx((-high, -low), abs=1e-12)
    flipped = -back.classes[["difference", "high", "low"]].to_numpy()
    assert there.classes[["difference", "low", "high"]].to_numpy() == pytest.approx(flipped)


def test_order_of_rows_does_not_matter() -> None:
    mixed = replace(SECOND, tiles=SECOND.tiles.sample(frac=1, random_state=1))
    assert_same(compare(FIRST, mixed), compare(FIRST, SECOND))
    mixed = replace(FIRST, tiles=FIRST.tiles.sample(frac=1, random_state=2))
    assert_same(compare(mixed, SECOND), compare(FIRST, SECOND))


def assert_same(one: Comparison, other: Comparison) -> None:
    pd.testing.assert_frame_equal(one.classes, other.classes)
    assert one.verdict == other.verdict
    for mine, theirs in zip(one.differences, other.differences, strict=True):
        assert mine.tiles == theirs.tiles
        assert mine.folds == theirs.folds


def test_no_shared_tile() -> None:
    other = replace(SECOND, tiles=SECOND.tiles.assign(id=lambda rows: "x" + rows["id"]))
    with pytest.raises(DataError, match="resnet50 and vgg16 share no tile") as caught:
        compare(FIRST, other)
    assert "\n" not in str(caught.value)


def test_groups_count_where_both_have_them() -> None:
    # Sections of eight tiles, each with a difference of its own.
    group = np.arange(200) // 8
    first = replace(FIRST, tiles=FIRST.tiles.assign(group=group, map_iou=(group * 7 % 11) / 10))
    second = replace(SECOND, tiles=SECOND.tiles.assign(group=group, map_iou=0.0))
    loose = replace(second, tiles=second.tiles.drop(columns="group"))

    def width(one: Contestant, other: Contestant) -> float:
        low, high = ends(compare(one, other).differences[0].tiles)
        return high - low

    # Five draws of eight equal tiles vary sqrt(8) times as much as forty draws of one.
    assert width(first, second) / width(first, loose) == pytest.approx(8**0.5, rel=0.1)
    assert width(loose, first) == pytest.approx(width(first, loose))


def verdict_on(
    by_fold: Sequence[float], comparisons: int = 1, flip: bool = False, rope: float = 0.01
) -> str:
    """Of networks whose tiles all differ as their fold does, but for noise without a mean."""
    one = contestant("A", 1, folds=len(by_fold))
    folds = one.tiles["fold"]
    noise = np.where(np.arange(len(folds)) % 2, 0.1, -0.1)
    better = one.tiles["map_iou"] + np.array(by_fold)[folds] + noise
    other = replace(one, label="B")
    one = replace(one, tiles=one.tiles.assign(map_iou=better))
    pair = (other, one) if flip else (one, other)
    return compare(*pair, comparisons=comparisons, rope=rope).verdict


# m = 0.04 +- 0.02944, scale 0.0106066: see test_posterior. Above 0.01: t = 2.8284 with four degrees
# of freedom, 0.9763 (t table: 2.776 is 0.975).
CLEAR = (0.02, 0.04, 0.06, 0.03, 0.05)


@pytest.mark.parametrize("flip", [False, True])
def test_verdict_where_one_is_better(flip: bool) -> None:
    expected = (
        "A is better than B in map_iou: by 0.040 (95 % interval over folds 0.011 to 0.069), "
        "by more than 0.01 with probability 0.98."
    )
    assert verdict_on(CLEAR, flip=flip) == expected
    # Without a rope: t = 3.7712, p = 0.01958.
    assert verdict_on(CLEAR, flip=flip, rope=0).endswith(" to 0.069), with probability 0.99.")


def test_better_by_less_than_what_matters_is_undecided() -> None:
    # Above 0.02: t = 1.8856, 0.934 (t table: 2.132 is 0.95, 1.533 is 0.90).
    assert verdict_on(CLEAR, rope=0.02) == (
        "Undecided: A is better than B in map_iou by more than 0.02 with probability 0.93, "
        "practically equal with 0.06, worse with under 0.01 "
        "(measured: 0.040, 95 % interval over folds 0.011 to 0.069)."
    )


def test_verdict_of_practical_equality() -> None:
    # A tenth of CLEAR less its mean: scale 0.00106066, t = 0.01 / 0.00106066 = 9.43 on either side.
    assert verdict_on([(one - 0.04) / 10 for one in CLEAR]) == (
        "A and B are practically equal in map_iou: they differ by at most 0.01 with probability "
        "over 0.99 (measured: 0.000, 95 % interval over folds -0.003 to 0.003)."
    )


def test_verdict_where_it_includes_zero() -> None:
    # m = 0.01, S2 = 0.0008 / 3, sqrt((1 / 4 + 1 / 4) S2) = 0.011547, 3.1824 for three degrees:
    # 0.01 +- 0.03675. Above 0.01 one half; below -0.01: t = -1.7321, 0.0908 (1.638 is 0.10).
    assert verdict_on((0.03, -0.01, 0.01, 0.01)) == (
        "Undecided: A is better than B in map_iou by more than 0.01 with probability 0.50, "
        "practically equal with 0.41, worse with 0.09 "
        "(measured: 0.010, 95 % interval over folds -0.027 to 0.047)."
    )
    assert "0.23 (" in verdict_on((0.03, -0.01, 0.01, 0.01), rope=0)
    assert "equal" not in verdict_on((0.03, -0.01, 0.01, 0.01), rope=0)


def test_verdict_of_several_comparisons() -> None:
    # 98.75 % for four: 4.315 for four degrees, 4.315 * 0.0106066 = 0.0458.
    assert verdict_on(CLEAR, comparisons=4) == (
        "Undecided: A is better than B in map_iou by more than 0.01 with probability 0.98, "
        "practically equal with 0.02, worse with under 0.01 "
        "(measured: 0.040, 98.75 % interval over folds -0.006 to 0.086)."
    )
    assert compare(FIRST, SECOND, comparisons=2).level == pytest.approx(0.975)


@pytest.mark.parametrize("by_fold", [(0.5, 0.51, 0.52), (0.1, -0.1, 0.02), (0.1, 0.1, 0.1)])
def test_verdict_of_few_folds_is_weak(by_fold: tuple[float, ...]) -> None:
    assert "; 3 folds: weak evidence)" in verdict_on(by_fold)
    assert "weak" in verdict_on(by_fold[1:])
    assert "weak" not in verdict_on((*by_fold, by_fold[0]))


def test_verdict_of_one_fold_is_about_these_networks_only() -> None:
    text = verdict_on((0.3,))
    # Tiles of 0.2 and 0.4 by halves, 40 of them: 0.3 +- 1.96 * 0.1 / sqrt(40) = 0.031.
    start = "One fold shows how these two networks differ on its 40 tiles (A minus B in map_iou: "
    assert text.startswith(f"{start}0.300, 95 % interval over tiles 0.27")
    assert "not how the backbones or settings behind them do" in text
    assert "weak" in text
    assert "higher" not in text


def test_verdict_where_folds_agree_by_chance() -> None:
    text = "No verdict: the 4 folds all differ by the same amount (A minus B in map_iou: "
    assert verdict_on((0.1, 0.1, 0.1, 0.1)) == f"{text}0.100)."
    # Tiles that differ but cancel out.
    assert verdict_on((0.0, 0.0, 0.0, 0.0)) == f"{text}0.000)."


@pytest.mark.parametrize(
    ("chance", "text"),
    [(0.0, "under 0.01"), (0.0049, "under 0.01"), (0.5, "0.50"), (0.994, "0.99"), (1, "over 0.99")],
)
def test_no_chance_reads_as_certain(chance: float, text: str) -> None:
    assert chance_text(chance) == text


@pytest.mark.parametrize("comparisons", [1, 2, 6])
def test_no_bound_is_impossible(comparisons: int) -> None:
    """Of three folds that differ widely the t interval alone would reach beyond 1."""
    one, other = FIRST.tiles.head(6), SECOND.tiles.head(6)
    folds = {"fold": [0, 0, 1, 1, 2, 2]}
    first = replace(FIRST, tiles=one.assign(**folds, map_iou=[1, 1, 0, 0, 0.5, 0.5]))
    second = replace(SECOND, tiles=other.assign(**folds, map_iou=[0, 0, 1, 1, 0.4, 0.4]))
    (map_iou, *_) = (result := compare(first, second, comparisons=comparisons)).differences
    assert ends(map_iou.folds) == pytest.approx((-0.5, 1 - 1.4 / 3))
    assert "interval over folds -0.500 to 0.533" in result.verdict
    loose = possible(Interval(-1.6, 1.7), 0.2, 0.9)
    assert ends(loose) == pytest.approx((-0.9, 0.2))
    assert possible(Interval(-0.1, 0.2), 0.2, 0.9) == Interval(-0.1, 0.2)


def test_an_end_beside_zero_does_not_read_as_zero() -> None:
    by_fold = pd.Series([0.0, 0.1, 0.0, 0.1])
    posterior, ends = fit_posterior(by_fold, 1 / 3), Interval(0.0002, 0.04)
    chances = Chances(0.98, 0.02, 0)
    row = Difference("map_iou", 0.05, 0, 0.05, by_fold, ends, ends, 0.05, chances, posterior)
    said = verdict_sentence("A", "B", row, 4, 0.95, 0.01)
    assert "(95 % interval over folds 0.0002 to 0.040)" in said


def test_chances_stand_beside_each_score() -> None:
    found = compare(FIRST, SECOND, rope=0.02)
    table = chances_table(found)
    assert table.header == (
        "score",
        "A better by > 0.02",
        "practically equal",
        "B better by > 0.02",
    )
    for row, shown in zip(found.differences, table.rows, strict=True):
        assert shown == (row.score, *map(chance_text, row.chances))


def test_rounding_is_no_difference() -> None:
    table = differences_table(compare(FIRST, SECOND))
    row = compare(FIRST, SECOND).differences[0]
    noisy = replace(row, mean=6e-17, tiles=Interval(-1e-16, 0.1))
    shown = differences_table(replace(compare(FIRST, SECOND), differences=(noisy,)))
    assert shown.rows[0][3:5] == ("0", "0 .. +0.100")
    assert table.rows[0][3] != "0"


def holdout(values: list[float], group: list[int] | None = None) -> pd.DataFrame:
    table = pd.DataFrame({"id": [f"h{n}" for n in range(len(values))], "fold": -1})
    table = table.assign(coverage_class=3, map_iou=values, iou=0.5, dice=values)
    return table if group is None else table.assign(group=group)


def test_holdout_by_hand() -> None:
    one, other = holdout([0.9, 0.5, 0.7, 1.0]), holdout([0.6, 0.5, 0.9, 0.5])
    result = compare(replace(FIRST, holdout=one), replace(SECOND, holdout=other[::-1]))
    map_iou, iou, dice = result.holdout
    assert (map_iou.first, map_iou.second) == pytest.approx((0.775, 0.625))
    assert map_iou.mean == pytest.approx(0.15)
    assert map_iou.count == 4
    expected = bootstrap_interval(
        one["map_iou"] - other["map_iou"], np.zeros(4), level=0.95, seed=1337
    )
    assert map_iou.tiles == expected
    assert (iou.score, iou.mean, iou.tiles) == ("iou", 0, Interval(0, 0))
    assert dice.mean == pytest.approx(0.15)
    assert (
        "On the hold-out of 4 tiles, all folds together, the difference is 0.150 (95 % interval "
        f"over tiles {expected.low:.3f} to {expected.high:.3f})."
    ) in result.verdict


def test_tiles_of_a_mosaic_count_as_one_in_the_holdout() -> None:
    group = [0, 0, 1, 2, 2, 3]
    one = holdout([0.9, 0.8, 0.7, 1.0, 0.9, 0.2], group)
    other = holdout([0.6, 0.5, 0.9, 0.5, 0.4, 0.2], group)
    (result, *_) = compare(replace(FIRST, holdout=one), replace(SECOND, holdout=other)).holdout
    differences = one["map_iou"] - other["map_iou"]
    assert result.tiles == bootstrap_interval(
        differences, np.zeros(6), group, level=0.95, seed=1337
    )


def test_without_a_holdout_of_both_there_is_none() -> None:
    for first, second in ((FIRST, SECOND), (replace(FIRST, holdout=holdout([0.5])), SECOND)):
        result = compare(first, second)
        assert result.holdout == ()
        assert "hold-out" not in result.verdict


def test_a_score_that_an_older_commit_did_not_record_is_left_out() -> None:
    old = replace(SECOND, tiles=SECOND.tiles.drop(columns="dice"))
    whole, found = compare(FIRST, SECOND), compare(FIRST, old)
    assert [one.score for one in found.differences] == ["map_iou", "iou"]
    assert found.verdict == whole.verdict
    assert differences_table(found).rows[:2] == differences_table(whole).rows[:2]
    assert differences_table(found).rows[2][:4] == ("dice", "not recorded", "not recorded", "none")


def test_each_against_each_other_is_what_each_pair_says() -> None:
    third = contestant("plain", 3)
    matrix = chances_matrix([FIRST, SECOND, third], rope=0.02)
    assert [row[place] for place, row in enumerate(matrix)] == [None] * 3
    expected = compare(FIRST, third, rope=0.02, comparisons=2).differences[0].chances
    assert matrix[0][2] == pytest.approx(expected)
    assert matrix[2][0] == pytest.approx(tuple(reversed(expected)))
    table = matrix_table(["resnet50", "vgg16", "plain"], matrix, 0.02)
    assert table.header == ("", "resnet50", "vgg16", "plain")
    shown = f"{chance_text(expected.first)} ({chance_text(expected.equal)})"
    assert table.rows[0][3] == shown
    assert table.rows[1][2] == ""


def test_equal_networks_are_practically_equal_and_one_fold_says_nothing() -> None:
    twin = replace(FIRST, label="twin")
    assert chances_matrix([FIRST, twin], rope=0.0)[0][1] == Chances(0, 1, 0)
    one, other = (
        replace(side, tiles=side.tiles[side.tiles["fold"] == 0]) for side in (FIRST, SECOND)
    )
    assert chances_matrix([one, other], rope=0.0)[0][1] is None
