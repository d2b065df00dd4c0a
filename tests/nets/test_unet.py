"""The U-Net around the encoder."""

from pathlib import Path

import keras
import numpy as np
import pytest

from saltseg.backbones import backbone_row
from saltseg.machine import Precision
from saltseg.nets.blocks import basic_block, bottleneck_block, scse
from saltseg.nets.encoders import build_backbone
from saltseg.nets.unet import build_unet, served
from saltseg.params import Params


def norms(model: keras.Model) -> list[keras.layers.BatchNormalization]:
    return [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]


@pytest.mark.parametrize("name", ["plain", "mobilenetv2"])
def test_momentum_reaches_encoder_and_decoder(params: Params, name: str) -> None:
    options = params.model.model_copy(update={"batchnorm_momentum": 0.7})
    model = build_unet(backbone_row(name), 32, 3, options)
    in_encoder, in_decoder = norms(model.get_layer("encoder")), norms(model)
    assert len(in_encoder) >= 10
    assert len(in_decoder) >= 15
    assert {layer.momentum for layer in in_encoder + in_decoder} == {0.7}


@pytest.mark.parametrize("name", ["plain", "vgg16"])
@pytest.mark.parametrize("channels", [1, 4, 5])
def test_any_number_of_channels(params: Params, name: str, channels: int) -> None:
    model = build_unet(backbone_row(name), 32, channels, params.model)
    tiles = np.zeros((3, 32, 32, channels), np.uint8)
    assert np.asarray(model(tiles, training=False)).shape == (3, 32, 32, 1)


@pytest.mark.parametrize("precision", ["mixed_bfloat16", "mixed_float16"])
def test_half_precision_is_for_what_computes(params: Params, precision: Precision) -> None:
    whole = build_unet(backbone_row("plain"), 32, 3, params.model)
    half = build_unet(backbone_row("plain"), 32, 3, params.model, precision=precision)
    layers = [*half.layers, *half.get_layer("encoder").layers]
    in_float32 = {one.name for one in layers if one.compute_dtype == "float32"}
    assert in_float32 == {"input_scaling", "probability"}
    assert {variable.dtype for variable in half.trainable_variables} == {"float32"}
    assert keras.config.dtype_policy().name == "float32"
    half.set_weights(whole.get_weights())
    tiles = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    one, other = (np.asarray(model(tiles, training=False)) for model in (whole, half))
    assert other.dtype == np.float32
    assert 0 < np.abs(one - other).max() < 0.05


def test_every_channel_counts(params: Params) -> None:
    model = build_unet(backbone_row("plain"), 32, 5, params.model)
    tiles = np.full((6, 32, 32, 5), 100, np.uint8)
    for channel in range(5):
        tiles[channel + 1, :16, :, channel] = 200
    outputs = np.asarray(model(tiles, training=False))
    assert all(np.abs(outputs[n] - outputs[0]).max() > 0 for n in range(1, 6))


def test_each_decoder_block_sees_the_encoder_at_its_scale(params: Params) -> None:
    sized = {"decoder": "bottleneck", "decoder_filters": [256, 192, 128, 96, 64]}
    options = params.model.model_copy(update=sized)
    model = build_unet(backbone_row("plain"), 64, 1, options)
    # Upsampled features plus the tap of the same side; the full side has no tap.
    shapes = [model.get_layer(f"skip{level}").output.shape[1:] for level in range(4)]
    assert shapes == [(4, 4, 128 + 128), (8, 8, 256 + 64), (16, 16, 192 + 32), (32, 32, 128 + 16)]
    blocks = [model.get_layer(f"decoder{level}_relu2").output.shape[1:] for level in range(5)]
    assert blocks == [(4, 4, 256), (8, 8, 192), (16, 16, 128), (32, 32, 96), (64, 64, 64)]


def test_bottleneck_block_by_its_parameters() -> None:
    inputs = keras.layers.Input((8, 8, 6))
    block = keras.Model(inputs, bottleneck_block(inputs, 16, "b"))
    assert block.output.shape == (None, 8, 8, 16)
    # Kernels 6 to 4 (1x1), 4 to 4 (3x3), 4 to 16 (1x1), and 6 to 16 (1x1) past them; no bias.
    kernels = 6 * 4 + 9 * 4 * 4 + 4 * 16 + 6 * 16
    # Four parameters for each normalised channel.
    assert block.count_params() == kernels + 4 * (4 + 4 + 16 + 16)


@pytest.mark.parametrize(("filters", "strides"), [(16, 1), (16, 2), (6, 1)])
def test_basic_block_by_its_parameters(filters: int, strides: int) -> None:
    inputs = keras.layers.Input((8, 8, 6))
    block = keras.Model(inputs, basic_block(inputs, filters, "b", strides))
    assert block.output.shape == (None, 8 // strides, 8 // strides, filters)
    # Two kernels of 3x3; past them the input itself where it fits, else its projection.
    projected = filters != 6 or strides > 1
    kernels = 9 * 6 * filters + 9 * filters * filters + 6 * filters * projected
    assert block.count_params() == kernels + 4 * filters * (2 + projected)


def test_scse_by_hand() -> None:
    inputs = keras.layers.Input((4, 4, 16))
    block = keras.Model(inputs, scse(inputs, "s"))
    x = np.random.default_rng(0).normal(0, 1, (2, 4, 4, 16)).astype(np.float32)

    def sigmoid(value: np.ndarray) -> np.ndarray:
        return 1 / (1 + np.exp(-value))

    values = {weight.path: weight.numpy() for weight in block.weights}
    squeezed = x.mean((1, 2), keepdims=True)
    reduced = np.maximum(squeezed @ values["s_reduce/kernel"] + values["s_reduce/bias"], 0)
    channels = sigmoid(reduced @ values["s_channels/kernel"] + values["s_channels/bias"])
    pixels = sigmoid(x @ values["s_pixels/kernel"][0, 0] + values["s_pixels/bias"])
    np.testing.assert_allclose(block.predict_on_batch(x), x * channels + x * pixels, atol=1e-5)
    assert values["s_reduce/kernel"].shape == (16, 4)


EVERYTHING = {
    "decoder": "residual",
    "attention": "scse",
    "hypercolumn": True,
    "salt_head": True,
    "deep_supervision": True,
}


def test_outputs_for_training_alone_are_not_served(params: Params) -> None:
    options = params.model.model_copy(update=EVERYTHING)
    model = build_unet(backbone_row("residual16"), 64, 3, options)
    shapes = [output.shape for output in model.outputs]
    assert shapes == [(None, side, side, 1) for side in (64, 1, 4, 8, 16, 32)]
    tiles = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3), np.uint8)
    found, any_salt, *_ = model.predict_on_batch(tiles)
    alone = served(model)
    np.testing.assert_array_equal(alone.predict_on_batch(tiles), found)
    # Nothing is surer than that there is any salt.
    assert (found <= any_salt).all()
    assert alone.count_params() < model.count_params()


def test_a_hypercolumn_sees_every_level(params: Params) -> None:
    sized = {"decoder_filters": [32, 32, 32, 32, 24], "hypercolumn": True, "dropout": 0.0}
    options = params.model.model_copy(update=sized)
    model = build_unet(backbone_row("plain"), 64, 3, options)
    assert model.get_layer("hypercolumn").output.shape == (None, 64, 64, 5 * 24)


def test_initial_weights_are_those_of_the_file(params: Params, tmp_path: Path) -> None:
    row, path = backbone_row("plain"), tmp_path / "encoder.weights.h5"
    backbone = build_backbone(row, 64, 3)
    backbone.save_weights(path)
    encoder = build_unet(row, 32, 3, params.model, path).get_layer("encoder")
    for ours, theirs in zip(encoder.get_weights(), backbone.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
