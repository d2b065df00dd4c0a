"""The summary, the mean curves and the choice of tiles to show, by hand."""

import json

import pandas as pd
import pytest

from saltseg.scoring.scores import COUNTS, tile_scores
from saltseg.scoring.summary import headline, mean_curves, pick_tiles, summarise

TILES = pd.DataFrame(
    [
        ("a", 0, 0, 0, 0, 0, 1.0, 1.0, 1.0),
        ("b", 0, 3, 2, 1, 1, 0.5, 0.0, 0.6),
        ("c", 1, 3, 4, 0, 1, 0.8, 0.6, 0.9),
        ("d", 2, 0, 0, 5, 0, 0.0, 0.0, 0.0),
        ("e", 2, 5, 3, 0, 0, 1.0, 1.0, 1.0),
    ],
    columns=["id", "fold", "coverage_class", "tp", "fp", "fn", "iou", "map_iou", "dice"],
)
# Scores that are not worked out by hand.
TILES = TILES.join(tile_scores(TILES[COUNTS]).drop(columns=["iou", "map_iou", "dice"]))
COST = {"parameters": 7, "gflops": 0.5}


def test_mean_and_deviation_are_over_folds() -> None:
    summary = summarise(TILES, COST)
    # Folds score 0.5, 0.6, 0.5: mean 1.6 / 3, variance 2 * (1 / 30)^2 + (2 / 30)^2 over 2.
    assert summary["map_iou"] == {"mean": 0.533333, "std": pytest.approx(0.057735)}
    assert summary["iou"]["mean"] == pytest.approx((0.75 + 0.8 + 0.5) / 3, abs=1e-6)
    # Pixels: fold 0 has 2 right and 1 + 1 wrong, fold 1 4 and 0 + 1, fold 2 3 and 5 + 0.
    assert summary["precision"]["mean"] == pytest.approx((2 / 3 + 1 + 3 / 8) / 3, abs=1e-6)
    assert summary["recall"]["mean"] == pytest.approx((2 / 3 + 4 / 5 + 1) / 3, abs=1e-6)


def test_scores_by_fold_and_by_class() -> None:
    summary = summarise(TILES, COST)
    assert summary["tiles"] == 5
    assert list(summary["fold"]) == ["0", "1", "2"]
    assert summary["fold"]["0"]["dice"] == 0.8
    assert summary["fold"]["0"]["tiles"] == 2
    assert list(summary["coverage_class"]) == ["0", "3", "5"]
    assert summary["coverage_class"]["3"]["iou"] == 0.65
    assert summary["coverage_class"]["3"]["precision"] == pytest.approx(6 / 7, abs=1e-6)
    assert summary["network"] == COST


def test_floor_is_what_no_salt_anywhere_would_score() -> None:
    assert summarise(TILES, COST)["empty_map_iou"] == 0.4


def test_one_fold_has_no_deviation() -> None:
    assert summarise(TILES[TILES["fold"] == 0], COST)["map_iou"] == {"mean": 0.5, "std": 0}


def test_summary_is_plain_json() -> None:
    summary = summarise(TILES, COST)
    assert json.loads(json.dumps(summary, allow_nan=False)) == summary


def test_headline_is_a_part_of_the_whole_at_the_same_places() -> None:
    details = summarise(TILES, {"parameters": 7, "gflops": 0.5}) | {
        "post_processing": {"fixed": 0.4, "cross_fitted": 0.5, "chosen": {"0": {}}},
        "calibration": {"ece": 0.1, "brier": 0.2},
        "holdout": {"map_iou": 0.3, "iou": 0.2},
        "leak": {"neighbour": 0.01, "copy": 0.0},
    }
    found = headline(details)
    assert len(pd.json_normalize(found).columns) == 14
    assert found["map_iou"] == details["map_iou"]
    assert found["post_processing"] == {"cross_fitted": 0.5}
    assert found["holdout"] == {"map_iou": 0.3}
    assert "fold" not in found
    alone = headline({**details, "post_processing": {"fixed": 0.4}})
    assert "post_processing" not in alone


def test_a_fold_that_stopped_early_counts_on_with_its_last_values() -> None:
    curves = pd.DataFrame(
        {"fold": [0, 0, 0, 3], "epoch": [1, 2, 3, 1], "loss": [4.0, 3.0, 2.0, 1.0]}
    )
    expected = pd.DataFrame({"epoch": [1, 2, 3], "loss": [2.5, 2.0, 1.5]})
    pd.testing.assert_frame_equal(mean_curves(curves), expected)


def picked(tiles: pd.DataFrame, count: int) -> dict[str, list[str]]:
    return {label: rows["id"].tolist() for label, rows in pick_tiles(tiles, count).items()}


def shown(*ious: float) -> pd.DataFrame:
    return pd.DataFrame(
        {"id": list("abcdefg"[: len(ious)]), "iou": ious, "tp": 1, "fp": 0, "fn": 0}
    )


def test_best_median_and_worst_tiles() -> None:
    tiles = shown(0.5, 0.9, 0.1, 0.7, 0.3, 0.2, 0.8)
    assert picked(tiles, 1) == {"best": ["b"], "median": ["a"], "worst": ["c"]}
    assert picked(tiles, 3) == {
        "best": ["b", "g", "d"],
        "median": ["d", "a", "e"],
        "worst": ["e", "f", "c"],
    }


def test_ties_go_to_the_smaller_id() -> None:
    tiles = shown(0.5, 0.5, 0.5)
    assert picked(tiles.iloc[::-1], 1) == {"best": ["a"], "median": ["b"], "worst": ["c"]}


def test_empty_tiles_left_empty_are_not_shown() -> None:
    # Tile a is empty and was left so; d is empty with a false alarm.
    assert picked(TILES, 9)["best"] == ["e", "c", "b", "d"]


def test_where_nothing_else_is_there_empty_tiles_are_shown() -> None:
    empty = shown(1.0, 1.0).assign(tp=0)
    assert picked(empty, 1) == {"best": ["a"], "median": ["a"], "worst": ["b"]}
