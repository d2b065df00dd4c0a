"""The losses against numbers worked out by hand."""

import math

import keras
import numpy as np
import pytest

from saltseg.objectives import make_phases
from saltseg.params import NONE
from saltseg.tiles.masks import UNLABELLED
from saltseg.values import files_of
from tests.conftest import Changed

NAMES = sorted(files_of("objectives/losses") - {NONE})


@pytest.fixture(params=NAMES)
def loss(request: pytest.FixtureRequest, changed: Changed) -> keras.losses.Loss:
    return make_phases(changed({"train.loss": request.param}).train)[0].loss


def of(name: str, changed: Changed, masks: list, probabilities: list) -> float:
    """Loss of a batch given as nested lists (B, H, W)."""
    (phase,) = make_phases(changed({"train.loss": name}).train)
    truth = np.array(masks, np.uint8)[..., None]
    return float(phase.loss(truth, np.array(probabilities, np.float32)[..., None]))


SURE = math.log(4)
"""Log odds of 0.8."""

CASES = {
    # Each pixel is 0.8 sure of the truth: cross-entropy -ln 0.8.
    # Dice: overlap 2 * 0.8 + 1 = 2.6, sizes 1 + (0.8 + 3 * 0.2) + 1 = 3.4.
    "bce_dice": (
        [[[1, 0], [0, 0]]],
        [[[0.8, 0.2], [0.2, 0.2]]],
        -math.log(0.8) + 1 - 2.6 / 3.4,
    ),
    # Overlap 0.8 + 1, union 1 + 1.4 - 0.8 + 1.
    "bce_jaccard": (
        [[[1, 0], [0, 0]]],
        [[[0.8, 0.2], [0.2, 0.2]]],
        -math.log(0.8) + 1 - 1.8 / 2.6,
    ),
    # Cross-entropy -ln 0.8 for each pixel, times how unsure it is, squared.
    "focal": ([[[1, 0], [0, 0]]], [[[0.8, 0.2], [0.2, 0.2]]], -math.log(0.8) * 0.2**2),
    # Right 0.8, false salt 3 * 0.2 for 0.3 each, missed 0.2 for 0.7.
    "tversky": ([[[1, 0], [0, 0]]], [[[0.8, 0.2], [0.2, 0.2]]], 1 - 0.8 / (0.8 + 0.18 + 0.14)),
    # Margins: the salt is missed by 1 + SURE, the rest is right by SURE - 1. For salt, the missed
    # pixel alone makes the IoU 0. For the rest, it makes it 1/2, and the other pixel 0.
    "lovasz": (
        [[[1, 0]]],
        [[[0.2, 0.2]]],
        (2 + SURE + ((2 + SURE) + math.exp(1 - SURE)) / 2) / 2,
    ),
}


@pytest.mark.parametrize("name", NAMES)
def test_one_tile_by_hand(changed: Changed, name: str) -> None:
    masks, probabilities, expected = CASES[name]
    assert of(name, changed, masks, probabilities) == pytest.approx(expected, rel=1e-4)


def test_dice_pools_the_batch(changed: Changed) -> None:
    # Overlap 2 * (0.5 + 0) + 1 = 2, sizes 1 + (0.5 + 0.5) + 1 = 3; the mean of tiles differs.
    expected = math.log(2) + 1 - 2 / 3
    assert of("bce_dice", changed, [[[1]], [[0]]], [[[0.5]], [[0.5]]]) == pytest.approx(expected)


def test_lovasz_is_a_mean_over_tiles(changed: Changed) -> None:
    tiles = [([[1, 0]], [[0.2, 0.2]]), ([[0, 0]], [[0.6, 0.1]]), ([[1, 1]], [[0.9, 0.3]])]
    each = [of("lovasz", changed, [mask], [found]) for mask, found in tiles]
    masks, probabilities = map(list, zip(*tiles, strict=True))
    assert of("lovasz", changed, masks, probabilities) == pytest.approx(np.mean(each), rel=1e-5)


@pytest.mark.parametrize("salt", [0, 1])
@pytest.mark.parametrize("name", sorted(set(NAMES) - {"tversky"}))
def test_all_or_nothing_found_costs_next_to_nothing(changed: Changed, name: str, salt: int) -> None:
    tile = [[[salt, salt], [salt, salt]]]
    assert of(name, changed, tile, tile) == pytest.approx(0, abs=1e-4)


def half_labelled(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Masks (3, 4, 4, 1) of whose lower half nothing is known, and probabilities."""
    random = np.random.default_rng(seed)
    masks = random.integers(0, 2, (3, 4, 4, 1), np.uint8)
    masks[0, :2] = 0  # for the losses that look at each tile
    masks[:, 2:] = UNLABELLED
    return masks, random.uniform(0.05, 0.95, masks.shape).astype(np.float32)


@pytest.mark.parametrize("name", NAMES)
def test_unlabelled_pixels_are_as_if_cut_off(changed: Changed, name: str) -> None:
    import tensorflow as tf

    options = changed({"train.loss": name}).train
    ((whole, *_),), ((partly, *_),) = make_phases(options), make_phases(options, True)
    masks, probabilities = half_labelled(0)
    expected = float(whole(masks[:, :2], probabilities[:, :2]))
    found = tf.Variable(probabilities)
    with tf.GradientTape() as tape:
        value = partly(masks, tf.convert_to_tensor(found))
    assert float(value) == pytest.approx(expected, rel=1e-5)
    gradient = tape.gradient(value, found).numpy()
    assert np.isfinite(gradient).all()
    assert (gradient[:, 2:] == 0).all()
    assert (gradient[:, :2] != 0).any(axis=(1, 2, 3)).all()
    probabilities[:, 2:] = half_labelled(1)[1][:, 2:]
    assert float(partly(masks, probabilities)) == float(value)


@pytest.mark.parametrize("name", NAMES)
def test_nothing_labelled_costs_nothing(changed: Changed, name: str) -> None:
    (phase,) = make_phases(changed({"train.loss": name}).train, True)
    masks, probabilities = half_labelled(0)
    value = float(phase.loss(np.full_like(masks, UNLABELLED), probabilities))
    assert value == pytest.approx(1 if name == "tversky" else 0)


@pytest.mark.parametrize("truth", [0, 1])
def test_gradients_lead_to_the_truth_wherever_they_begin(
    loss: keras.losses.Loss, truth: int
) -> None:
    """From sure and wrong, too, in a network that ends in a sigmoid."""
    import tensorflow as tf

    masks = np.zeros((2, 4, 4, 1), np.uint8)
    masks[0, :2] = 1
    scores = tf.Variable(np.where(masks == truth, -8.0, 8.0) * (1 if truth else -1), "float32")
    optimizer = keras.optimizers.Adam(0.5)
    values = []
    for _ in range(60):
        with tf.GradientTape() as tape:
            value = loss(masks, tf.sigmoid(tf.cast(scores, tf.float32)))
        values.append(float(value))
        gradient = tape.gradient(value, scores)
        assert np.isfinite(gradient).all()
        optimizer.apply([gradient], [scores])
    assert values[-1] < 0.2 * values[0]
    assert ((scores.numpy() > 0) == (masks > 0)).all()


def test_all_wrong_is_dear_and_finite(changed: Changed) -> None:
    # Cross-entropy is cut off at a probability of 1e-7, or -ln 1e-7 = 16.1; Dice 1 - 1 / 5.
    value = of("bce_dice", changed, [[[1, 1], [0, 0]]], [[[0, 0], [1, 1]]])
    assert value == pytest.approx(16.1 + 0.8, abs=0.2)
