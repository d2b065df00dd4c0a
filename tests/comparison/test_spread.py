"""Where the spread comes from: variances that were put in are found again."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from saltseg.comparison.spread import Spread, spread
from saltseg.errors import DataError
from saltseg.report.spread import spread_sentence, spread_table

FOLDS, TILES = 5, 40


def runs(
    random: np.random.Generator, training: float, folds: float, tiles: float, count: int = 3
) -> list[pd.DataFrame]:
    """Scores with these standard deviations; that of tiles is one tile's."""
    fold = np.repeat(np.arange(FOLDS), TILES)
    steady = 0.5 + random.normal(0, folds, FOLDS)[fold] + random.normal(0, tiles, len(fold))
    ids = [f"t{number:04}" for number in random.permutation(len(fold))]
    return [
        pd.DataFrame(
            {"id": ids, "fold": fold, "map_iou": steady + random.normal(0, training, FOLDS)[fold]}
        )
        for _ in range(count)
    ]


def test_known_parts_are_found() -> None:
    random = np.random.default_rng(0)
    found = [spread(runs(random, 0.02, 0.03, 0.2), FOLDS) for _ in range(400)]
    assert np.mean([one.training for one in found]) == pytest.approx(0.02**2, rel=0.05)
    assert np.mean([one.tiles for one in found]) == pytest.approx(0.2**2 / TILES, rel=0.05)
    expected = 0.03**2 + 0.2**2 / TILES
    assert np.mean([one.between for one in found]) == pytest.approx(expected, rel=0.1)
    covered = [one.training_interval.low < 0.02**2 < one.training_interval.high for one in found]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.03)


def test_what_training_does_to_single_tiles_is_not_taken_for_tiles() -> None:
    random = np.random.default_rng(1)
    found = []
    for _ in range(300):
        tables = runs(random, 0.0, 0.0, 0.1)
        for table in tables:
            table["map_iou"] += random.normal(0, 0.3, len(table))
        found.append(spread(tables, FOLDS))
    assert np.mean([one.tiles for one in found]) == pytest.approx(0.1**2 / TILES, rel=0.15)
    assert np.mean([one.training for one in found]) == pytest.approx(0.3**2 / TILES, rel=0.05)


def test_tiles_of_a_mosaic_are_drawn_together() -> None:
    random = np.random.default_rng(2)
    group = np.arange(FOLDS * TILES) // 10
    found = []
    for _ in range(300):
        tables = runs(random, 0.01, 0.0, 0.0)
        shared = random.normal(0, 0.2, group.max() + 1)[group]
        found.append(
            spread(
                [one.assign(group=group, map_iou=one["map_iou"] + shared) for one in tables], FOLDS
            )
        )
    # Four mosaics in a fold.
    assert np.mean([one.tiles for one in found]) == pytest.approx(0.2**2 / 4, rel=0.1)


def test_folds_of_one_mosaic_each_say_nothing_of_tiles() -> None:
    tables = [one.assign(group=one["fold"]) for one in runs(np.random.default_rng(7), 0.02, 0, 0.2)]
    found = spread(tables, FOLDS)
    assert found.tiles is None
    assert spread_table(found).rows[2][1] == "none"


def test_order_of_rows_does_not_matter() -> None:
    tables = runs(np.random.default_rng(3), 0.02, 0.03, 0.2)
    mixed = [one.sample(frac=1, random_state=number) for number, one in enumerate(tables)]
    assert spread(mixed, FOLDS) == spread(tables, FOLDS)


def test_equal_runs_have_no_spread_of_training() -> None:
    (one,) = runs(np.random.default_rng(4), 0.02, 0.03, 0.2, count=1)
    found = spread([one, one], FOLDS)
    assert (found.training, found.rerun) == (0, 0)
    assert found.between > 0


def repeated(
    random: np.random.Generator,
    training: float,
    division: float,
    rest: float,
    tiles: float,
    trained: Sequence[int] = range(4 * FOLDS),
) -> list[pd.DataFrame]:
    """Three runs of four divisions of the same tiles, with these standard deviations."""
    count = FOLDS * TILES
    steady = 0.5 + random.normal(0, tiles, count)
    found: list[list[pd.DataFrame]] = [[], [], []]
    for number in range(4):
        within = random.permutation(np.arange(count) % FOLDS)
        own = random.normal(0, division) + random.normal(0, rest, FOLDS)[within]
        for run in found:
            score = steady + own + random.normal(0, training, FOLDS)[within]
            table = pd.DataFrame({"id": range(count), "map_iou": score})
            run.append(table.assign(fold=within + number * FOLDS))
    return [pd.concat(run)[lambda rows: rows["fold"].isin(trained)] for run in found]


@pytest.mark.parametrize(
    "trained", [range(20), [*range(5), 5, 6, 7, 10, 11, 12, 15, 16, 17]], ids=["whole", "parts"]
)
def test_known_parts_of_several_divisions_are_found(trained: Sequence[int]) -> None:
    random = np.random.default_rng(8)
    found = [spread(repeated(random, 0.02, 0.05, 0.04, 0.2, trained), FOLDS) for _ in range(80)]
    assert {(one.divisions, one.folds, one.runs) for one in found} == {(4, len(trained), 3)}
    assert np.mean([one.training for one in found]) == pytest.approx(0.02**2, rel=0.05)
    assert np.mean([one.tiles for one in found]) == pytest.approx(0.2**2 / TILES, rel=0.05)
    assert np.mean([one.rest for one in found]) == pytest.approx(0.04**2, rel=0.1)
    between = 0.04**2 + 0.2**2 / TILES
    assert np.mean([one.between for one in found]) == pytest.approx(between, rel=0.1)
    assert np.mean([one.division for one in found]) == pytest.approx(0.05**2, rel=0.15)


def test_a_part_of_a_division_by_hand() -> None:
    # Fold means 0.6 and 0.2 of one division, 1.7 of the other, of which a fold is missing. Between
    # folds: 0.08. Of tiles: (0.02 + 0.02 + 0.08) / 2 / 3 = 0.02; the rest: 0.06. Means of the two
    # divisions 0.4 and 1.7: 0.845, of which 0.75, the mean of 1 / 2 and 1, of the rest is 0.045;
    # since a whole division holds all tiles, 0.75 - 0.5 of the tiles is 0.005.
    scores = [0.5, 0.7, 0.1, 0.3, 1.9, 1.5]
    one = pd.DataFrame({"id": [*"abcdac"], "fold": [0, 0, 1, 1, 2, 2], "map_iou": scores})
    found = spread([one, one], 2)
    assert (found.between, found.tiles, found.rest) == pytest.approx((0.08, 0.02, 0.06))
    assert found.division == pytest.approx(0.845 - 0.045 - 0.005)


def test_tiles_alone_are_not_taken_for_divisions() -> None:
    random = np.random.default_rng(9)
    found = [spread(repeated(random, 0.0, 0.0, 0.0, 0.2), FOLDS) for _ in range(20)]
    assert max(one.division for one in found) == pytest.approx(0, abs=1e-12)
    assert np.mean([one.tiles for one in found]) == pytest.approx(0.2**2 / TILES, rel=0.05)


def test_several_divisions_are_told() -> None:
    found = spread(repeated(np.random.default_rng(10), 0.02, 0.03, 0.04, 0.2), FOLDS)
    table = spread_table(found)
    assert table.title.endswith("(3 runs of 20 folds of 4 divisions)")
    assert table.rows[1][:2] == ("division", f"{np.sqrt(found.division):.4f}")
    assert f"over its folds by some {np.sqrt(found.division):.4f}" in spread_sentence(found)
    assert found.rerun == np.sqrt(found.training / 20)


def test_one_fold_of_each_division_is_refused() -> None:
    tables = repeated(np.random.default_rng(11), 0.02, 0.03, 0.04, 0.2, [0, 5, 10])
    with pytest.raises(DataError, match="a single fold, or one of each division"):
        spread(tables, FOLDS)


def test_what_tells_nothing_is_refused() -> None:
    one, other = runs(np.random.default_rng(5), 0.02, 0.03, 0.2, count=2)
    with pytest.raises(DataError, match="a single run"):
        spread([one], FOLDS)
    with pytest.raises(DataError, match="other folds"):
        spread([one, other.assign(fold=(other["fold"] + 1) % FOLDS)], FOLDS)
    with pytest.raises(DataError, match="a single fold"):
        spread([one[one["fold"] == 0], other[other["fold"] == 0]], FOLDS)


def test_table_and_sentence() -> None:
    (one, other) = runs(np.random.default_rng(6), 0.02, 0.0, 0.0, count=2)
    found = spread([one, other], FOLDS)
    table = spread_table(found)
    assert [row[0] for row in table.rows] == [
        "training seed",
        "folds",
        "tiles drawn at random",
        "folds beyond their tiles",
    ]
    assert isinstance(found, Spread)
    said = spread_sentence(found)
    assert f"{found.rerun:.4f}" in said
    assert f"{2 * np.sqrt(2) * found.rerun:.4f}" in said
