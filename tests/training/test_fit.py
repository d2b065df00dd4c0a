"""Training one fold, on tiles so small that it takes seconds."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import keras
import numpy as np
import pandas as pd
import pytest

from saltseg.backbones import backbone_row
from saltseg.errors import DataError
from saltseg.nets.cost import network_cost
from saltseg.nets.unet import build_unet
from saltseg.params import Params
from saltseg.scoring.scores import count_pixels, tile_scores
from saltseg.tiles.folds.table import HOLDOUT
from saltseg.training.batches import TileBatches, TrainingBatches
from saltseg.training.fit import FoldResult, train_fold
from saltseg.training.fold_data import FoldData
from saltseg.training.states import States
from saltseg.training.trainee import begin, seed_of
from tests.conftest import Changed
from tests.training.conftest import COUNT, FOLDS, SIDE, SMALL, processed


class Trained(NamedTuple):
    """A finished training, its network in a file, and the weights after each epoch."""

    result: FoldResult
    best: Path
    epochs: list[Path]


@pytest.fixture(scope="module")
def trained(
    engine: None, data: FoldData, small: Params, tmp_path_factory: pytest.TempPathFactory
) -> Trained:
    """Trained as in the pipeline, in a graph."""
    folder = tmp_path_factory.mktemp("fold-1")
    each = keras.callbacks.ModelCheckpoint(folder / "{epoch}.weights.h5", save_weights_only=True)
    best = folder / "best.weights.h5"
    result = train_fold(data, small, "plain fold 1", States(folder / "states"), watchers=[each])
    result.network.save_weights(best)
    return Trained(result, best, [folder / f"{epoch}.weights.h5" for epoch in (1, 2)])


@pytest.mark.slow
def test_history_has_a_row_for_each_epoch(trained: Trained) -> None:
    history = trained.result.history
    scores = {"loss", "iou", "map_iou"}
    expected = {"epoch", "learning_rate", *scores, *(f"val_{name}" for name in scores)}
    assert set(history.columns) == expected
    assert history.columns[0] == "epoch"
    assert history["epoch"].tolist() == [1, 2]
    assert np.isfinite(history).all(axis=None)
    assert history["learning_rate"].tolist() == pytest.approx([0.003, 0.003])
    assert history["loss"].iloc[1] < history["loss"].iloc[0]


def loaded(path: Path, params: Params) -> keras.Model:
    model = build_unet(backbone_row("plain"), SIDE, 1, params.model)
    model.load_weights(path)
    return model


@pytest.mark.slow
def test_best_weights_are_those_of_the_best_epoch(trained: Trained, small: Params) -> None:
    epoch = int(trained.result.history["val_map_iou"].argmax())
    best, expected = loaded(trained.best, small), loaded(trained.epochs[epoch], small)
    for ours, theirs in zip(best.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.slow
def test_predictions_are_of_the_best_weights_and_in_order(
    trained: Trained, data: FoldData, small: Params
) -> None:
    assert data.held_out.tolist() == [1, 5, 9, 13, 17, 21]
    probabilities = trained.result.predictions["oof.npy"]
    assert probabilities.shape == (6, SIDE, SIDE)
    assert probabilities.dtype == np.float32
    model = loaded(trained.best, small)
    expected = np.asarray(model(data.images[data.held_out], training=False))[..., 0]
    np.testing.assert_allclose(probabilities, expected, atol=1e-4)
    mirrored = np.asarray(model(data.images[data.held_out][:, :, ::-1], training=False))[..., 0]
    both = trained.result.predictions["oof_flip.npy"]
    np.testing.assert_allclose(both, (expected + mirrored[:, :, ::-1]) / 2, atol=1e-4)
    assert not np.allclose(both, probabilities, atol=1e-3)
    assert trained.result.cost == network_cost(model)


def test_held_out_tiles_never_reach_training(
    eager: None, data: FoldData, small: Params, tmp_path: Path
) -> None:
    """With quite other held-out tiles, training gives the same numbers, and validation others."""
    images, masks = data.images.copy(), data.masks.copy()
    images[data.held_out], masks[data.held_out] = 255 - images[data.held_out], 1
    other = replace(data, images=images, masks=masks)
    options = small.train.model_copy(update={"epochs": 1})
    once, histories = small.model_copy(update={"train": options}), []
    for number, tiles in enumerate((data, other)):
        states = States(tmp_path / str(number))
        histories.append(train_fold(tiles, once, "plain", states).history)
    one, two = histories
    for name in ("loss", "iou", "map_iou"):
        assert one[name].tolist() == two[name].tolist()
    assert (one["val_loss"] != two["val_loss"]).all()


def test_holdout_decides_nothing(
    eager: None, data: FoldData, small: Params, tmp_path: Path
) -> None:
    """With quite other hold-out tiles all is the same, but for what is predicted of them."""
    folds = FOLDS.replace({"fold": {3: HOLDOUT}})
    one = FoldData.of(processed(data.images, data.masks), folds, 1)
    images, masks = one.images.copy(), one.masks.copy()
    images[one.unseen], masks[one.unseen] = 255 - images[one.unseen], 1 - masks[one.unseen]
    first, second = (
        train_fold(part, small, "plain", States(tmp_path / name))
        for name, part in (("one", one), ("other", replace(one, images=images, masks=masks)))
    )
    pd.testing.assert_frame_equal(first.history, second.history)
    np.testing.assert_array_equal(first.predictions["oof.npy"], second.predictions["oof.npy"])
    for ours, theirs in zip(first.network.get_weights(), second.network.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    unseen, other = (result.predictions["holdout.npy"] for result in (first, second))
    assert unseen.shape == (COUNT // 4, SIDE, SIDE)
    assert not np.array_equal(unseen, other)


def test_each_seed_and_each_fold_begins_with_weights_of_its_own(
    engine: None, small: Params
) -> None:
    seeds = [seed_of(1, 0), seed_of(1, 1), seed_of(2, 0), seed_of(1, 0)]
    first = [begin(small, seed, SIDE, 1, 3).get_weights()[0].tolist() for seed in seeds]
    assert first[0] == first[3]
    assert len({str(weights) for weights in first}) == 3


def test_holdout_is_in_no_batch(params: Params) -> None:
    indices = np.arange(COUNT, dtype=np.uint8)[:, None, None, None]
    images = np.broadcast_to(indices, (COUNT, SIDE, SIDE, 1))
    folds = FOLDS.replace({"fold": {3: HOLDOUT}})
    parts = [FoldData.of(processed(images, images), folds, fold) for fold in range(3)]
    unseen = {tile for tile in range(COUNT) if tile % 4 == 3}
    for part in parts:
        assert set(part.unseen.tolist()) == unseen
        held_out = TileBatches(images, images, part.held_out, 5)
        for tiles in (fed(params, images, part), [held_out[n] for n in range(len(held_out))]):
            assert not {tile for batch, _ in tiles for tile in batch[:, 0, 0, 0].tolist()} & unseen
    with pytest.raises(DataError, match="fold -1 is not in the fold table"):
        FoldData.of(processed(images, images), folds, HOLDOUT)


def test_a_fold_of_another_division_holds_other_tiles(data: FoldData) -> None:
    folds = FOLDS.assign(fold_1=np.arange(COUNT) // (COUNT // 4) + 4)
    part = FoldData.of(processed(data.images, data.masks), folds, 6)
    assert part.held_out.tolist() == list(range(COUNT // 2, 3 * COUNT // 4))
    assert part.fold == 6
    assert sorted([*part.held_out, *part.fitted]) == list(range(COUNT))


def test_constant_tiles_are_left_out_where_asked_for(
    eager: None, data: FoldData, changed: Changed, tmp_path: Path
) -> None:
    """Whatever their masks are, training is the same."""
    params = changed({**SMALL, "train.epochs": 1, "train.skip_constant": True})
    images, masks = data.images.copy(), data.masks.copy()
    images[data.fitted[:3]] = 90
    masks[data.fitted[:3]] = 1 - masks[data.fitted[:3]]
    histories = []
    for name, truth in (("one", data.masks), ("other", masks)):
        tiles = replace(data, images=images, masks=truth)
        histories.append(train_fold(tiles, params, "plain", States(tmp_path / name)).history)
    pd.testing.assert_frame_equal(*histories)
    nothing = replace(data, images=np.full_like(images, 90))
    with pytest.raises(DataError, match="no tile is left to train on"):
        train_fold(nothing, params, "plain", States(tmp_path / "nothing"))


@pytest.mark.parametrize("frozen", [0, 1])
def test_the_average_of_weights_is_what_is_scored_and_kept(
    eager: None, data: FoldData, changed: Changed, tmp_path: Path, frozen: int
) -> None:
    params = changed({**SMALL, "train.average": 0.9, "train.frozen_epochs": frozen})
    each = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.weights.h5", save_weights_only=True)
    result = train_fold(data, params, "plain", States(tmp_path / "states"), watchers=[each])
    best = int(result.history["val_map_iou"].argmax())
    last = loaded(tmp_path / f"{best + 1}.weights.h5", params)
    kept = result.network.get_weights()
    assert any(not np.array_equal(a, b) for a, b in zip(kept, last.get_weights(), strict=True))
    truth = data.masks[data.held_out][..., 0]
    counts = count_pixels(truth, result.predictions["oof.npy"] > 0.5)
    score = tile_scores(counts)["map_iou"].mean()
    assert result.history["val_map_iou"][best] == pytest.approx(score, abs=1e-5)


def test_a_frozen_encoder_stays_as_it_is(
    eager: None, data: FoldData, changed: Changed, tmp_path: Path
) -> None:
    """Its moving statistics, too; the decoder learns, and after that the encoder does."""
    params = changed({**SMALL, "train.frozen_epochs": 1})
    each = keras.callbacks.ModelCheckpoint(tmp_path / "{epoch}.weights.h5", save_weights_only=True)
    keras.utils.set_random_seed(seed_of(params.train.seed, data.fold))
    start = build_unet(backbone_row("plain"), SIDE, 1, params.model)
    train_fold(data, params, "plain", States(tmp_path / "states"), watchers=[each])
    first, second = (loaded(tmp_path / f"{epoch}.weights.h5", params) for epoch in (1, 2))

    def moved(one: keras.Model, other: keras.Model) -> list[bool]:
        pairs = zip(one.get_weights(), other.get_weights(), strict=True)
        return [not np.array_equal(a, b) for a, b in pairs]

    encoder = [model.get_layer("encoder") for model in (start, first, second)]
    assert not any(moved(*encoder[:2]))
    assert all(moved(*encoder[1:]))
    assert any(moved(start, first))


def fed(params: Params, images: np.ndarray, part: FoldData) -> list[tuple[np.ndarray, np.ndarray]]:
    """All batches of an epoch of training, not augmented."""
    still = params.train.augment.model_copy(
        update={"flip": False, "shift": 0.0, "scale": 0.0, "brightness": 0.0, "contrast": 0.0}
    )
    batches = TrainingBatches(images, images, part.fitted, 5, seed=1, augment=still, kinds=["grey"])
    batches.start_epoch(1)
    return [batches[number] for number in range(len(batches))]


@pytest.mark.parametrize("fold", range(4))
def test_tiles_fed_are_all_those_of_the_other_folds(params: Params, fold: int) -> None:
    indices = np.arange(COUNT, dtype=np.uint8)[:, None, None, None]
    images = np.broadcast_to(indices, (COUNT, SIDE, SIDE, 1))
    part = FoldData.of(processed(images, images), FOLDS, fold)
    still = params.train.augment.model_copy(
        update={"flip": False, "shift": 0.0, "scale": 0.0, "brightness": 0.0, "contrast": 0.0}
    )
    batches = TrainingBatches(images, images, part.fitted, 5, seed=1, augment=still, kinds=["grey"])
    for epoch in range(2):
        batches.start_epoch(epoch)
        fed = [batches[index][0][:, 0, 0, 0] for index in range(len(batches))]
        expected = [tile for tile in range(COUNT) if tile % 4 != fold]
        assert sorted(np.concatenate(fed).tolist()) == expected
    assert part.held_out.tolist() == [tile for tile in range(COUNT) if tile % 4 == fold]


def test_fold_table_of_another_survey(data: FoldData) -> None:
    with pytest.raises(DataError, match="24 tiles, but the fold table has 23; run `dvc repro`"):
        FoldData.of(processed(data.images, data.masks), FOLDS[:23], 1)


def test_fold_that_does_not_exist(data: FoldData) -> None:
    with pytest.raises(DataError, match=r"fold 4 is not in the fold table, which has 0\.\.3"):
        FoldData.of(processed(data.images, data.masks), FOLDS, 4)
