"""One conformance test for every row of the backbone table."""

import sys
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pytest

from saltseg.backbones import BackboneRow, backbone_table
from saltseg.nets.encoders import build_backbone, scale_input, tapped
from saltseg.nets.unet import build_unet
from saltseg.objectives.losses.bce_dice import BceDice
from saltseg.params import Params

SIZE = 32
TILES = np.random.default_rng(0).integers(0, 256, (2, SIZE, SIZE, 3), dtype=np.uint8)
MASKS = (TILES[..., :1] > 127).astype(np.uint8)


@dataclass
class Built:
    """A row with its U-Net; `model` is trained by the last test of the row."""

    row: BackboneRow
    model: keras.Model


@pytest.fixture(scope="module", params=backbone_table())
def built(request: pytest.FixtureRequest, engine: None, params: Params) -> Built:
    row = backbone_table()[request.param]
    return Built(row, build_unet(row, SIZE, 3, params.model))


def infer(model: keras.Model) -> np.ndarray:
    return np.asarray(model(TILES, training=False))


def values(model: keras.Model) -> list[np.ndarray]:
    return [keras.ops.convert_to_numpy(variable) for variable in model.trainable_variables]


def expected_scaling(row: BackboneRow, tiles: np.ndarray) -> np.ndarray:
    """What `keras.applications` itself would feed to the network."""
    if row.source == "efficientnet_lite":
        return (tiles / 255 - 127 / 255) / (128 / 255)
    if row.source != "keras_applications":
        return tiles / 127.5 - 1
    if "include_preprocessing" in row.options:
        # These networks scale inside, where include_preprocessing is left on: a Rescaling by 1/255
        # and a Normalization with ImageNet's mean and deviation.
        return (tiles / 255 - [0.485, 0.456, 0.406]) / [0.229, 0.224, 0.225]
    module = sys.modules[getattr(keras.applications, row.constructor).__module__]
    return module.preprocess_input(tiles.astype(np.float32).copy())


def test_input_is_scaled_as_the_trained_weights_expect(built: Built) -> None:
    scaled = np.asarray(scale_input(keras.ops.convert_to_tensor(TILES), built.row))
    assert scaled.dtype == np.float32
    np.testing.assert_allclose(scaled, expected_scaling(built.row, TILES), atol=1e-3)


def test_five_taps_halve_the_side_each_time(built: Built) -> None:
    encoder = built.model.get_layer("encoder")
    assert [output.shape[1:3] for output in encoder.outputs] == [
        (SIZE // stride, SIZE // stride) for stride in (2, 4, 8, 16, 32)
    ]


def test_output_is_a_probability_for_each_pixel(built: Built) -> None:
    probabilities = infer(built.model)
    assert probabilities.shape == (2, SIZE, SIZE, 1)
    assert probabilities.dtype == np.float32
    assert probabilities.min() >= 0
    assert probabilities.max() <= 1
    assert np.ptp(probabilities) > 0


def test_weights_survive_saving_and_loading(built: Built, tmp_path: Path, params: Params) -> None:
    path = tmp_path / "unet.weights.h5"
    built.model.save_weights(path)
    fresh = build_unet(built.row, SIZE, 3, params.model)
    fresh.load_weights(path)
    np.testing.assert_array_equal(infer(fresh), infer(built.model))


def test_one_step_of_training_moves_the_weights(built: Built) -> None:
    before = values(built.model)
    # Eager, since tracing a graph takes a minute for some rows; test_fit.py trains in a graph.
    built.model.compile("adam", BceDice("bce_dice"), jit_compile=False, run_eagerly=True)
    history = built.model.fit(TILES, MASKS, batch_size=2, epochs=1, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    after = values(built.model)
    moved = [not np.array_equal(a, b) for a, b in zip(before, after, strict=True)]
    assert all(np.isfinite(value).all() for value in after)
    assert np.mean(moved) > 0.9


def test_with_other_channels_all_take_the_mean_scaling() -> None:
    row = backbone_table()["vgg16"]
    tiles = np.full((1, 2, 2, 5), 100, np.uint8)
    scaled = np.asarray(scale_input(keras.ops.convert_to_tensor(tiles), row))
    mean = (123.68 + 116.779 + 103.939) / 3
    np.testing.assert_allclose(scaled, np.full((1, 2, 2, 5), 100 - mean), atol=1e-4)


def test_taps_come_finest_first() -> None:
    row = backbone_table()["plain"]
    encoder = tapped(build_backbone(row, 64, 1), row)
    assert [output.shape[1:] for output in encoder.outputs] == [
        (32, 32, 16),
        (16, 16, 32),
        (8, 8, 64),
        (4, 4, 128),
        (2, 2, 128),
    ]
