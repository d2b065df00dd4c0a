"""Tile scores against numbers worked out by hand."""

import numpy as np
import pandas as pd
import pytest

from saltseg.scoring.competition import IOU_THRESHOLDS
from saltseg.scoring.scores import SCORES, TILE_SCORES, count_pixels, pooled_scores, tile_scores
from saltseg.tiles.masks import UNLABELLED


def counts(*rows: tuple[int, int, int]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["tp", "fp", "fn"])


def test_thresholds_are_those_of_the_competition() -> None:
    assert [round(100 * value) for value in IOU_THRESHOLDS] == list(range(50, 100, 5))


def test_pixels_are_counted_tile_by_tile() -> None:
    masks = np.array([[[1, 1, 0], [0, 0, 0]], [[0, 0, 0], [0, 0, 1]]], np.uint8)
    salt = np.array([[[1, 0, 1], [1, 0, 0]], [[0, 0, 0], [0, 0, 1]]], bool)
    pd.testing.assert_frame_equal(count_pixels(masks, salt), counts((1, 2, 1), (1, 0, 0)))


def test_unlabelled_pixels_are_not_counted_whatever_is_found_there() -> None:
    masks = np.array([[[0, 1, 1, UNLABELLED]]], np.uint8)
    for found in (0, 1):
        salt = np.array([[[1, 1, 0, found]]], bool)
        assert count_pixels(masks, salt).iloc[0].tolist() == [1, 1, 1]


def test_scores_by_hand() -> None:
    scores = tile_scores(counts((3, 1, 0), (1, 1, 2)))
    # 3 / 4 = 0.75 is above 0.5, 0.55, 0.6, 0.65, 0.7 and not above 0.75; 1 / 4 is above none.
    assert scores["iou"].tolist() == [0.75, 0.25]
    assert scores["map_iou"].tolist() == [0.5, 0]
    assert scores["dice"].tolist() == [6 / 7, 2 / 5]


def test_empty_against_empty_is_perfect() -> None:
    perfect = {score.name: int(score.higher_is_better) for score in TILE_SCORES}
    assert tile_scores(counts((0, 0, 0))).iloc[0].to_dict() == perfect


@pytest.mark.parametrize("row", [(0, 1, 0), (0, 0, 1)], ids=["false alarm", "missed pixel"])
def test_one_wrong_pixel_beside_empty_is_zero(row: tuple[int, int, int]) -> None:
    worst = {score.name: int(not score.higher_is_better) for score in TILE_SCORES}
    assert tile_scores(counts(row)).iloc[0].to_dict() == worst


@pytest.mark.parametrize(
    ("tp", "union", "hits"),
    [(1, 2, 0), (51, 100, 1), (11, 20, 1), (12, 20, 2), (19, 20, 9), (96, 100, 10), (7, 7, 10)],
)
def test_iou_hits_a_threshold_only_from_above(tp: int, union: int, hits: int) -> None:
    assert tile_scores(counts((tp, union - tp, 0)))["map_iou"][0] == pytest.approx(hits / 10)
    assert tile_scores(counts((tp, 0, union - tp)))["map_iou"][0] == pytest.approx(hits / 10)


def test_precision_and_recall_pool_the_pixels_of_all_tiles() -> None:
    # 9 right, 3 false alarms, 6 missed; the mean of tiles would be another number.
    scores = pooled_scores(counts((8, 0, 6), (1, 3, 0)))
    assert scores == {"precision": 0.75, "recall": 0.6}


def test_precision_and_recall_where_there_is_nothing_to_find() -> None:
    assert pooled_scores(counts((0, 0, 0))) == {"precision": 1, "recall": 1}
    assert pooled_scores(counts((0, 2, 0))) == {"precision": 0, "recall": 1}
    assert pooled_scores(counts((0, 0, 2))) == {"precision": 1, "recall": 0}


def test_each_score_stands_once_and_the_one_that_decides_first() -> None:
    names = [score.name for score in SCORES]
    assert len(set(names)) == len(names)
    assert names[0] == "map_iou"
    found = {*tile_scores(counts((1, 1, 1))), *pooled_scores(counts((1, 1, 1)))}
    assert found == set(names)


def test_a_gain_is_above_zero_where_the_first_is_better() -> None:
    error = TILE_SCORES[0]._replace(higher_is_better=False)
    assert (TILE_SCORES[0].gain(0.1), error.gain(0.1)) == (0.1, -0.1)
