"""Where the spread comes from: variances that were put in are found again."""

import numpy as np
import pandas as pd
import pytest

from saltseg.comparison.spread import Spread, spread
from saltseg.errors import DataError
from saltseg.report.tables import spread_table
from saltseg.report.terminal import spread_sentence

FOLDS, TILES = 5, 40


def runs(
    random: np.random.Generator, training: float, division: float, tiles: float, count: int = 3
) -> list[pd.DataFrame]:
    """Scores with these standard deviations; that of tiles is one tile's."""
    fold = np.repeat(np.arange(FOLDS), TILES)
    steady = 0.5 + random.normal(0, division, FOLDS)[fold] + random.normal(0, tiles, len(fold))
    ids = [f"t{number:04}" for number in random.permutation(len(fold))]
    return [
        pd.DataFrame(
            {"id": ids, "fold": fold, "map_iou": steady + random.normal(0, training, FOLDS)[fold]}
        )
        for _ in range(count)
    ]


def test_known_parts_are_found() -> None:
    random = np.random.default_rng(0)
    found = [spread(runs(random, 0.02, 0.03, 0.2)) for _ in range(400)]
    assert np.mean([one.training for one in found]) == pytest.approx(0.02**2, rel=0.05)
    assert np.mean([one.tiles for one in found]) == pytest.approx(0.2**2 / TILES, rel=0.05)
    expected = 0.03**2 + 0.2**2 / TILES
    assert np.mean([one.division for one in found]) == pytest.approx(expected, rel=0.1)
    covered = [one.training_interval.low < 0.02**2 < one.training_interval.high for one in found]
    assert np.mean(covered) == pytest.approx(0.95, abs=0.03)


def test_what_training_does_to_single_tiles_is_not_taken_for_tiles() -> None:
    random = np.random.default_rng(1)
    found = []
    for _ in range(300):
        tables = runs(random, 0.0, 0.0, 0.1)
        for table in tables:
            table["map_iou"] += random.normal(0, 0.3, len(table))
        found.append(spread(tables))
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
            spread([one.assign(group=group, map_iou=one["map_iou"] + shared) for one in tables])
        )
    # Four mosaics in a fold.
    assert np.mean([one.tiles for one in found]) == pytest.approx(0.2**2 / 4, rel=0.1)


def test_folds_of_one_mosaic_each_say_nothing_of_tiles() -> None:
    tables = [one.assign(group=one["fold"]) for one in runs(np.random.default_rng(7), 0.02, 0, 0.2)]
    found = spread(tables)
    assert found.tiles is None
    assert spread_table(found).rows[2][1] == "none"


def test_order_of_rows_does_not_matter() -> None:
    tables = runs(np.random.default_rng(3), 0.02, 0.03, 0.2)
    mixed = [one.sample(frac=1, random_state=number) for number, one in enumerate(tables)]
    assert spread(mixed) == spread(tables)


def test_equal_runs_have_no_spread_of_training() -> None:
    (one,) = runs(np.random.default_rng(4), 0.02, 0.03, 0.2, count=1)
    found = spread([one, one])
    assert (found.training, found.rerun) == (0, 0)
    assert found.division > 0


def test_what_tells_nothing_is_refused() -> None:
    one, other = runs(np.random.default_rng(5), 0.02, 0.03, 0.2, count=2)
    with pytest.raises(DataError, match="a single run"):
        spread([one])
    with pytest.raises(DataError, match="other folds"):
        spread([one, other.assign(fold=(other["fold"] + 1) % FOLDS)])
    with pytest.raises(DataError, match="a single fold"):
        spread([one[one["fold"] == 0], other[other["fold"] == 0]])


def test_table_and_sentence() -> None:
    (one, other) = runs(np.random.default_rng(6), 0.02, 0.0, 0.0, count=2)
    found = spread([one, other])
    table = spread_table(found)
    assert [row[0] for row in table.rows] == ["training seed", "folds", "tiles drawn at random"]
    assert isinstance(found, Spread)
    said = spread_sentence(found)
    assert f"{found.rerun:.4f}" in said
    assert f"{2 * np.sqrt(2) * found.rerun:.4f}" in said
