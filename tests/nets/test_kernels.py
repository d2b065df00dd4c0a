"""Kernels do what Keras does, to rounding."""

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from saltseg.backbones import backbone_row
from saltseg.nets.kernels import Adam, BatchNormalization, normalise_by_kernels
from saltseg.nets.unet import build_unet
from saltseg.params import Params

TILES = np.random.default_rng(0).normal(2, 3, (8, 16, 16, 5)).astype("float32")
WEIGHTS = np.random.default_rng(1).normal(size=TILES.shape).astype("float32")


def normalised(
    kind: type[keras.layers.BatchNormalization], training: bool, trainable: bool, dtype: str
) -> tuple[list[np.ndarray], str]:
    """Output, gradients of a weighted sum of it, and moving statistics; the type of the output."""
    layer = kind(momentum=0.9, dtype=dtype)
    layer.build(TILES.shape)
    values = ([0.5, 1, 2, 3, 4], [-1, 0, 1, 2, 3], [1, 2, 3, 2, 1], [9, 8, 7, 9, 10])
    layer.set_weights([np.array(value, "float32") for value in values])
    layer.trainable = trainable

    @tf.function
    def compute(tiles: tf.Tensor) -> tuple[tf.Tensor, ...]:
        with tf.GradientTape() as tape:
            tape.watch(tiles)
            output = layer(tiles, training=training)
            total = tf.reduce_sum(tf.cast(output, tf.float32) * WEIGHTS)
        gradients = tape.gradient(total, [tiles, layer.gamma.value, layer.beta.value])
        # Statistics that training has changed.
        return output, *gradients, layer.moving_mean.value + 0, layer.moving_variance.value + 0

    found = compute(tf.cast(TILES, layer.compute_dtype))
    return [np.asarray(tf.cast(one, tf.float32)) for one in found], found[0].dtype.name


@pytest.mark.parametrize("trainable", [True, False])
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "mixed_bfloat16", "mixed_float16"])
def test_batch_normalisation_is_that_of_keras(dtype: str, training: bool, trainable: bool) -> None:
    ours, our_type = normalised(BatchNormalization, training, trainable, dtype)
    theirs, their_type = normalised(keras.layers.BatchNormalization, training, trainable, dtype)
    assert our_type == their_type == dtype.removeprefix("mixed_")
    # Outputs are rounded to 8 or 11 bits there, statistics are not.
    rounding = {"float32": 1e-5, "mixed_float16": 2e-3, "mixed_bfloat16": 1e-2}[dtype]
    for one, other in zip(ours[:4], theirs[:4], strict=True):
        np.testing.assert_allclose(one, other, rtol=rounding, atol=rounding * np.abs(other).max())
    for one, other in zip(ours[4:], theirs[4:], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)
    assert (ours[4] != [1, 2, 3, 2, 1]).any() == (training and trainable)


@pytest.mark.parametrize("options", [{"scale": False}, {"center": False}, {"renorm": True}])
def test_rare_settings_are_left_to_keras(options: dict[str, Any]) -> None:
    ours, theirs = BatchNormalization(**options), keras.layers.BatchNormalization(**options)
    for training in (True, False):
        np.testing.assert_array_equal(
            ours(TILES, training=training), theirs(TILES, training=training)
        )


def test_adam_is_that_of_keras() -> None:
    start = np.linspace(-1, 1, 12, dtype="float32").reshape(3, 4)
    variables = []
    for kind in (Adam, keras.optimizers.Adam):
        weight, bias = keras.Variable(start), keras.Variable(start[0])
        optimizer = kind(0.01)
        draw = np.random.default_rng(0)
        for _ in range(30):
            gradients = [draw.normal(size=one.shape).astype("float32") for one in (weight, bias)]
            optimizer.apply([tf.constant(one) for one in gradients], [weight, bias])
        variables.append([weight, bias, *optimizer.variables])
    ours, theirs = variables
    assert [one.shape for one in ours] == [one.shape for one in theirs]
    assert np.abs(np.asarray(ours[0]) - start).min() > 0.001
    for one, other in zip(ours, theirs, strict=True):
        np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-7)


def test_every_batch_normalisation_of_a_network_is_a_kernel(params: Params) -> None:
    model = build_unet(backbone_row("mobilenetv2"), 32, 3, params.model)
    layers = [*model.layers, *model.get_layer("encoder").layers]
    kinds = {type(one) for one in layers if isinstance(one, keras.layers.BatchNormalization)}
    assert kinds == {BatchNormalization}


def test_files_of_weights_fit_both(tmp_path: Path) -> None:
    def network() -> keras.Model:
        inputs = keras.layers.Input((8, 8, 3))
        x = keras.layers.Conv2D(4, 3)(inputs)
        x = keras.layers.BatchNormalization()(x)
        return keras.Model(inputs, keras.layers.BatchNormalization()(x))

    ours, theirs = network(), network()
    normalise_by_kernels(ours)
    for one, other in ((ours, theirs), (theirs, ours)):
        one.set_weights([np.random.default_rng(2).random(w.shape) for w in one.get_weights()])
        one.save_weights(tmp_path / "x.weights.h5")
        other.load_weights(tmp_path / "x.weights.h5")
        for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
            np.testing.assert_array_equal(a, b)
