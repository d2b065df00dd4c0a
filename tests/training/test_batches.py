"""Batches: order and augmentation are fixed by seed, epoch and tile."""

import cv2
import numpy as np
import pytest

from saltseg.params import Augment
from saltseg.tiles.inputs.channels import depth_ramp, gradient
from saltseg.tiles.inputs.processed import Kind
from saltseg.training.augmentation import augment_tile
from saltseg.training.batches import TileBatches, TrainingBatches, is_constant

NONE = Augment(flip=False, shift=0, scale=0, brightness=0, contrast=0)
FLIP = NONE.model_copy(update={"flip": True})
FULL = Augment(
    flip=True,
    shift=0.2,
    scale=0.2,
    brightness=0.3,
    contrast=0.5,
    rotate=20,
    elastic=0.05,
    cutout=0.3,
)
MOVE = FULL.model_copy(update={"brightness": 0, "contrast": 0, "cutout": 0})

RANDOM = np.random.default_rng(0)
IMAGES = RANDOM.integers(0, 256, (23, 16, 16, 2), np.uint8)
MASKS = RANDOM.integers(0, 2, (23, 16, 16, 1), np.uint8)
ALL = np.arange(23)


def training(
    tiles: np.ndarray = ALL,
    batch_size: int = 5,
    seed: int = 3,
    augment: Augment = FULL,
    threads: int = 0,
) -> TrainingBatches:
    return TrainingBatches(
        IMAGES,
        MASKS,
        tiles,
        batch_size,
        seed=seed,
        augment=augment,
        kinds=["grey", "gradient"],
        threads=threads,
    )


def epoch_of(batches: TrainingBatches, epoch: int) -> tuple[np.ndarray, np.ndarray]:
    """All tiles and masks of an epoch, in the order they are fed."""
    batches.start_epoch(epoch)
    images, masks = zip(*(batches[index] for index in range(len(batches))), strict=True)
    return np.concatenate(images), np.concatenate(masks)


def numbered(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Tiles and masks in which every pixel is the tile's index."""
    plane = np.broadcast_to(np.arange(count, dtype=np.uint8)[:, None, None, None], (count, 4, 4, 1))
    return plane.copy(), plane.copy()


@pytest.mark.parametrize("batch_size", [1, 4, 7, 100])
def test_bytes_do_not_depend_on_the_batch_size(batch_size: int) -> None:
    expected, got = epoch_of(training(), 2), epoch_of(training(batch_size=batch_size), 2)
    assert [one.tobytes() for one in got] == [one.tobytes() for one in expected]


def test_batches_made_ahead_are_the_same() -> None:
    ahead = training(threads=3)
    ahead[2]  # and those after it, of an epoch that is not gone on with
    for epoch in (0, 1):
        expected, got = epoch_of(training(), epoch), epoch_of(ahead, epoch)
        assert [one.tobytes() for one in got] == [one.tobytes() for one in expected]


def test_an_epoch_does_not_depend_on_those_before() -> None:
    batches = training()
    expected = epoch_of(batches, 4)[0].tobytes()
    epoch_of(batches, 0)
    assert epoch_of(batches, 4)[0].tobytes() == expected


def test_a_batch_can_be_read_twice() -> None:
    batches = training()
    assert batches[1][0].tobytes() == batches[1][0].tobytes()


def test_a_tile_does_not_depend_on_the_others() -> None:
    alone = epoch_of(training(np.array([7])), 1)[0][0]
    assert alone.tobytes() in {tile.tobytes() for tile in epoch_of(training(), 1)[0]}


@pytest.mark.parametrize(("seed", "epoch"), [(3, 1), (4, 0)])
def test_another_epoch_or_seed_is_another_draw(seed: int, epoch: int) -> None:
    tile = np.array([7])
    expected = epoch_of(training(tile), 0)[0].tobytes()
    assert epoch_of(training(tile, seed=seed), epoch)[0].tobytes() != expected
    assert epoch_of(training(), 0)[0].tobytes() != epoch_of(training(seed=seed), epoch)[0].tobytes()


def test_every_tile_once_an_epoch_in_another_order() -> None:
    images, masks = numbered(23)
    chosen = np.array([2, 3, 5, 7, 11, 13, 17, 19])
    batches = TrainingBatches(images, masks, chosen, 3, seed=3, augment=NONE, kinds=["grey"])
    orders = []
    for epoch in range(3):
        fed, truth = epoch_of(batches, epoch)
        np.testing.assert_array_equal(fed, truth)
        orders.append(fed[:, 0, 0, 0].tolist())
        assert sorted(orders[-1]) == chosen.tolist()
    assert len({tuple(order) for order in orders}) == 3


@pytest.mark.parametrize(("count", "batch_size"), [(23, 5), (17, 16), (16, 16), (1, 8), (33, 8)])
def test_batches_differ_by_at_most_one_tile(count: int, batch_size: int) -> None:
    images, masks = numbered(count)
    batches = TileBatches(images, masks, np.arange(count), batch_size)
    sizes = [len(batches[index][0]) for index in range(len(batches))]
    assert sum(sizes) == count
    assert max(sizes) <= batch_size
    assert max(sizes) - min(sizes) <= 1
    assert len(sizes) == -(-count // batch_size)


def test_held_out_tiles_come_in_order_and_unchanged() -> None:
    tiles = np.array([4, 1, 9])
    batches = TileBatches(IMAGES, MASKS, tiles, 2)
    images, masks = zip(*(batches[index] for index in range(len(batches))), strict=True)
    np.testing.assert_array_equal(np.concatenate(images), IMAGES[tiles])
    np.testing.assert_array_equal(np.concatenate(masks), MASKS[tiles])


def test_augmentation_leaves_the_arrays_alone() -> None:
    images, masks = IMAGES.copy(), MASKS.copy()
    epoch_of(training(), 0)
    np.testing.assert_array_equal(IMAGES, images)
    np.testing.assert_array_equal(MASKS, masks)


def test_shapes_dtypes_and_masks_of_zero_and_one() -> None:
    images, masks = epoch_of(training(), 0)
    assert images.shape == IMAGES.shape
    assert masks.shape == MASKS.shape
    assert images.dtype == masks.dtype == np.uint8
    assert set(np.unique(masks)) == {0, 1}


def kinds_of(image: np.ndarray) -> list[Kind]:
    return ["grey"] * image.shape[-1]


def augmented(image: np.ndarray, mask: np.ndarray, options: Augment, seed: int) -> tuple:
    return augment_tile(image, mask, options, kinds_of(image), np.random.default_rng(seed))


def test_without_augmentation_a_tile_stays_as_it_is() -> None:
    image, mask = augmented(IMAGES[0], MASKS[0], NONE, seed=1)
    np.testing.assert_array_equal(image, IMAGES[0])
    np.testing.assert_array_equal(mask, MASKS[0])


def test_flip_alone_is_the_tile_or_its_mirror() -> None:
    mirrored = 0
    for seed in range(40):
        image, mask = augmented(IMAGES[0], MASKS[0], FLIP, seed)
        step = 1 if np.array_equal(image, IMAGES[0]) else -1
        np.testing.assert_array_equal(image, IMAGES[0][:, ::step])
        np.testing.assert_array_equal(mask, MASKS[0][:, ::step])
        mirrored += step == -1
    assert 10 < mirrored < 30


def test_mask_moves_with_its_tile() -> None:
    """A soft blob off centre, and the mask where it is bright: so it must be afterwards."""
    plane = np.zeros((64, 64), np.uint8)
    cv2.circle(plane, (22, 40), 14, 255, thickness=-1)
    plane = cv2.GaussianBlur(plane, (0, 0), 3)
    image, mask = plane[..., None], (plane > 127).astype(np.uint8)[..., None]
    changed = 0
    for seed in range(30):
        moved, truth = augmented(image, mask, MOVE, seed)
        bright = moved > 127
        overlap, union = (bright & (truth > 0)).sum(), (bright | (truth > 0)).sum()
        assert overlap / union > 0.9
        changed += ((mask > 0) & (truth > 0)).sum() / ((mask > 0) | (truth > 0)).sum() < 0.7
    assert changed > 10


def test_rotation_is_around_the_middle_and_by_no_more_than_asked_for() -> None:
    """The angle, read off two points that lie opposite each other."""
    image = np.zeros((65, 65, 1), np.uint8)
    image[32, 52], image[32, 12] = 255, 200
    angles = []
    for seed in range(40):
        moved, _ = augmented(image, image, NONE.model_copy(update={"rotate": 20.0}), seed)
        plane = moved[..., 0].astype(float)
        rows, columns = np.nonzero(plane)
        right = columns > 32
        where = [
            np.average(axis - 32, weights=plane[rows, columns] * right) for axis in (columns, rows)
        ]
        assert np.hypot(*where) == pytest.approx(20, abs=0.5)
        angles.append(np.degrees(np.arctan2(where[1], where[0])))
    assert 15 < max(angles) <= 20.5
    assert -20.5 <= min(angles) < -15


def test_elastic_moves_parts_against_each_other_by_no_more_than_asked_for() -> None:
    columns = np.broadcast_to(np.arange(64, dtype=np.uint8), (64, 64))[..., None]
    image, mask = 3 * columns, (columns > 31).astype(np.uint8)
    moved, truth = augmented(image, mask, NONE.model_copy(update={"elastic": 0.1}), seed=1)
    shifts = moved[8:-8, 16:-16, 0] / 3 - columns[8:-8, 16:-16, 0]
    # A cubic goes a little beyond its points.
    assert np.ptp(shifts) > 1
    assert np.abs(shifts).max() < 1.3 * 0.1 * 64
    assert ((moved[..., 0] > 3 * 31.5) == (truth[..., 0] > 0)).mean() > 0.98


def test_cutout_blanks_a_square_and_leaves_the_mask() -> None:
    image = np.full((32, 32, 3), 200, np.uint8)
    mask = np.ones((32, 32, 1), np.uint8)
    kinds: list[Kind] = ["grey", "gradient", "position"]
    sides = set()
    for seed in range(40):
        options = NONE.model_copy(update={"cutout": 0.25})
        random = np.random.default_rng(seed)
        changed, truth = augment_tile(image, mask, options, kinds, random)
        rows, columns = np.nonzero(changed[..., 0] == 128)
        side = np.ptp(rows) + 1
        assert (changed[..., 0] != 200).sum() == side * (np.ptp(columns) + 1) == side**2
        assert (changed[rows, columns, 1] == 0).all()
        assert (changed[..., 1] == 0).sum() == side**2
        assert (changed[..., 2] == 200).all()
        assert truth.all()
        sides.add(int(side))
    assert sides == set(range(1, 9))


def test_what_is_mixed_does_not_depend_on_the_batch_size() -> None:
    mixing = FULL.model_copy(update={"mix": 0.5})
    one, other = (epoch_of(training(batch_size=n, augment=mixing), 2) for n in (3, 11))
    np.testing.assert_array_equal(one[0], other[0])
    assert not np.array_equal(one[0], epoch_of(training(), 2)[0])


def test_a_part_of_another_tile_comes_with_its_mask() -> None:
    images = np.broadcast_to(np.arange(40, dtype=np.uint8)[:, None, None, None], (40, 16, 16, 2))
    masks = images[..., :1]
    options = NONE.model_copy(update={"mix": 0.5})
    kinds: list[Kind] = ["grey", "gradient"]
    some = np.arange(2, 40, 2)
    batches = TrainingBatches(images, masks, some, 10, seed=3, augment=options, kinds=kinds)
    shares, others = [], set()
    for epoch in range(4):
        for tile, truth in zip(*epoch_of(batches, epoch), strict=True):
            np.testing.assert_array_equal(tile[..., 0], truth[..., 0])
            np.testing.assert_array_equal(tile[..., 0], tile[..., 1])
            own = tile[..., 0] == np.bincount(tile[..., 0].ravel()).argmax()
            if not own.all():
                rows, columns = np.nonzero(~own)
                assert (~own).sum() == (np.ptp(rows) + 1) * (np.ptp(columns) + 1)
                shares.append((~own).mean())
                others |= set(tile[~own].ravel().tolist())
    assert 20 <= len(shares) <= 56  # of 76 tiles
    assert max(shares) <= 0.5
    assert np.ptp(shares) > 0.2
    assert others <= set(some.tolist())
    assert len(others) > 10


def test_what_comes_in_from_outside_is_the_mirror_image() -> None:
    full = np.ones((32, 32, 1), np.uint8)
    for seed in range(10):
        image, mask = augmented(full * 200, full, MOVE, seed)
        assert (image == 200).all()
        assert (mask == 1).all()


def test_brightness_changes_the_named_channels_only() -> None:
    options = NONE.model_copy(update={"brightness": 0.3})
    image = np.full((8, 8, 3), 100, np.uint8)
    kinds: list[Kind] = ["position", "grey", "gradient"]
    levels = set()
    for seed in range(30):
        changed, _ = augment_tile(
            image, MASKS[0, :8, :8], options, kinds, np.random.default_rng(seed)
        )
        assert (changed[..., [0, 2]] == 100).all()
        assert np.ptp(changed[..., 1]) == 0
        levels.add(int(changed[0, 0, 1]))
    assert min(levels) < 60
    assert max(levels) > 140
    assert all(100 - 0.3 * 255 - 1 <= level <= 100 + 0.3 * 255 for level in levels)


def test_brightness_is_clipped_and_does_not_wrap() -> None:
    options = NONE.model_copy(update={"brightness": 0.5})
    image = np.dstack([np.full((4, 4), 255, np.uint8), np.zeros((4, 4), np.uint8)])
    for seed in range(20):
        changed, _ = augment_tile(
            image, MASKS[0, :4, :4], options, kinds_of(image), np.random.default_rng(seed)
        )
        assert changed[..., 0].min() >= 127
        assert changed[..., 1].max() <= 128


@pytest.mark.parametrize("channels", [1, 4, 5, 7])
def test_any_number_of_channels(channels: int) -> None:
    tile = RANDOM.integers(0, 256, (16, 16, channels), np.uint8)
    image, _ = augmented(tile, MASKS[0], FULL, seed=5)
    assert image.shape == tile.shape
    for channel in range(channels):
        alone, _ = augmented(tile[..., [channel]], MASKS[0], FULL, seed=5)
        np.testing.assert_array_equal(image[..., channel], alone[..., 0])


def test_contrast_grows_and_shrinks_around_the_middle() -> None:
    options = NONE.model_copy(update={"contrast": 0.5})
    image = np.full((4, 4, 1), 127 + 40, np.uint8)
    levels = [
        int(augmented(image, MASKS[0, :4, :4], options, seed)[0][0, 0, 0]) for seed in range(99)
    ]
    gains = (np.array(levels) - 127.5) / 39.5
    assert 1 / 1.5 - 0.02 < gains.min() < 0.72
    assert 1.4 < gains.max() < 1.52
    assert 0.4 < (gains > 1).mean() < 0.6


def test_position_stays_however_the_tile_moves() -> None:
    """Prediction always sees the same ramp, so training must, too."""
    ramp = depth_ramp(IMAGES[0, ..., 0], 0.0)
    image = np.dstack([IMAGES[0, ..., 0], ramp])
    for seed in range(30):
        random = np.random.default_rng(seed)
        moved, _ = augment_tile(image, MASKS[0], FULL, ["grey", "position"], random)
        np.testing.assert_array_equal(moved[..., 1], ramp)
        assert not np.array_equal(moved[..., 0], image[..., 0])


def test_gradients_are_those_of_the_changed_grey_levels() -> None:
    """But for rounding, and for the pixel by which differences lie elsewhere once mirrored."""
    grey = cv2.GaussianBlur(RANDOM.integers(0, 256, (96, 96), np.uint8), (0, 0), 2)
    grey = cv2.normalize(grey, None, 90, 160, cv2.NORM_MINMAX)
    image, mask = np.dstack([grey, gradient(grey, 0.0)]), np.zeros((96, 96, 1), np.uint8)
    before = []
    for seed in range(20):
        random = np.random.default_rng(seed)
        changed, _ = augment_tile(image, mask, FULL, ["grey", "gradient"], random)
        assert 0 < changed[..., 0].min() < changed[..., 0].max() < 255
        expected = gradient(changed[..., 0], 0.0).mean()
        assert changed[..., 1].mean() == pytest.approx(expected, rel=0.1)
        before.append(image[..., 1].mean() / expected)
    assert min(before) < 0.8
    assert max(before) > 1.2


def test_constant_is_what_has_one_grey_level_whatever_its_other_channels() -> None:
    images = np.random.default_rng(0).integers(0, 256, (4, 8, 8, 3), np.uint8)
    images[1, :, :, 0] = images[2, :, :, :2] = 7
    images[3, :, :, 0], images[3, 4, 4, 0] = 7, 8
    tiles, kinds = np.array([3, 2, 1]), ["grey", "gradient", "position"]
    assert is_constant(images, tiles, kinds).tolist() == [False, True, True]
    assert not is_constant(images, tiles, ["position"] * 3).any()
