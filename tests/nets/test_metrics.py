"""The metrics of the training log agree with those of the final scores."""

import keras
import numpy as np
import pytest

from saltseg.nets.metrics import tile_iou, tile_map_iou, training_metrics
from saltseg.scoring.scores import count_pixels, tile_scores
from saltseg.tiles.masks import UNLABELLED


def random_batch(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Masks (B, 8, 8, 1) from empty to full, and probabilities that are more or less right."""
    random = np.random.default_rng(seed)
    share = random.uniform(-0.3, 1.3, (count, 1, 1, 1))
    masks = (random.random((count, 8, 8, 1)) < share).astype(np.uint8)
    wrong = random.random(masks.shape) < random.uniform(-0.1, 0.5, share.shape)
    probabilities = np.where(wrong, 1 - masks, masks) * 0.6 + 0.2
    return masks, probabilities.astype(np.float32)


@pytest.mark.parametrize("unlabelled", [0, 3])
def test_equal_to_the_scores_at_native_size(unlabelled: int) -> None:
    masks, probabilities = random_batch(300, seed=0)
    masks[:, :unlabelled] = UNLABELLED
    scores = tile_scores(count_pixels(masks[..., 0], probabilities[..., 0] > 0.5))
    assert 0 < (scores["iou"] == 1).sum() < 200
    np.testing.assert_allclose(tile_iou(masks, probabilities), scores["iou"], atol=1e-6)
    np.testing.assert_allclose(tile_map_iou(masks, probabilities), scores["map_iou"], atol=1e-6)


@pytest.mark.parametrize("right", range(1, 21))
def test_thresholds_are_hit_only_from_above(right: int) -> None:
    # IoU of right / 20: all of 0.5, 0.55 ... 0.95 occur exactly, in single precision too.
    mask = np.ones((1, 4, 5, 1), np.uint8)
    probabilities = (np.arange(20) < right).astype(np.float32).reshape(mask.shape)
    assert float(tile_map_iou(mask, probabilities)[0]) == pytest.approx(max(0, right - 10) / 10)


def test_probability_of_one_half_is_not_salt() -> None:
    empty = np.zeros((1, 2, 2, 1), np.uint8)
    assert float(tile_iou(empty, np.full(empty.shape, 0.5, np.float32))[0]) == 1


def test_mean_is_over_tiles_not_over_batches() -> None:
    masks = np.ones((3, 2, 2, 1), np.uint8)
    perfect, missed = masks[:1].astype(np.float32), np.zeros((2, 2, 2, 1), np.float32)
    for metric in training_metrics():
        metric.update_state(masks[:1], perfect)
        metric.update_state(masks[1:], missed)
        assert float(metric.result()) == pytest.approx(1 / 3)


def test_unequal_batches_add_up_to_the_whole() -> None:
    masks, probabilities = random_batch(17, seed=1)
    whole = {
        "iou": np.mean(tile_iou(masks, probabilities)),
        "map_iou": np.mean(tile_map_iou(masks, probabilities)),
    }
    for metric in training_metrics():
        for part in (slice(0, 9), slice(9, 16), slice(16, 17)):
            metric.update_state(masks[part], probabilities[part])
        assert float(metric.result()) == pytest.approx(whole[metric.name], abs=1e-6)


def test_every_call_gives_fresh_metrics() -> None:
    one, two = training_metrics()[0], training_metrics()[0]
    one.update_state(*(np.ones((1, 2, 2, 1), np.float32),) * 2)
    assert isinstance(one, keras.metrics.Metric)
    assert (float(one.result()), float(two.result())) == (1, 0)
