"""Parameters and operations against a count by hand."""

import keras
import pytest
from keras import layers

from saltseg.backbones import backbone_row
from saltseg.nets.cost import NetworkCost, network_cost
from saltseg.nets.encoders import build_backbone


def test_small_network_by_hand() -> None:
    """Every layer at 500 x 500 = 250,000 positions."""
    inputs = layers.Input((1000, 1000, 3))
    x = layers.Conv2D(4, 3, strides=2, padding="same")(inputs)  # 3 * 3 * 3 * 4 = 108 weights
    x = layers.BatchNormalization()(x)  # 4 * 4 parameters, not counted as operations
    x = layers.DepthwiseConv2D(3, padding="same")(x)  # 3 * 3 * 4 = 36 weights
    x = layers.Conv2D(8, 1, groups=2, use_bias=False)(x)  # 4 / 2 * 8 = 16 weights
    nested = keras.Sequential([layers.Input((500, 500, 8)), layers.Dense(50)])  # 8 * 50 = 400
    model = keras.Model(inputs, nested(x))
    parameters = (108 + 4) + 16 + (36 + 4) + 16 + (400 + 50)
    operations = 2 * 250_000 * (108 + 36 + 16 + 400)
    assert network_cost(model) == NetworkCost(parameters, operations / 1e9)


def test_vgg16_costs_what_is_published() -> None:
    # Simonyan and Zisserman 2015: 13 convolutions of 14.7 M parameters; 15.35 G multiply-adds.
    cost = network_cost(build_backbone(backbone_row("vgg16"), 224, 3))
    assert cost.parameters == 14_714_688
    assert cost.gflops == pytest.approx(2 * 15.3466, abs=0.001)


def test_separable_convolution_by_hand() -> None:
    inputs = layers.Input((10, 10, 3))
    model = keras.Model(inputs, layers.SeparableConv2D(8, 3, padding="same")(inputs))
    # At 100 positions: 3 * 3 * 3 weights by channel, then 3 * 8 across them.
    assert network_cost(model).gflops == pytest.approx(2 * 100 * (27 + 24) / 1e9, abs=1e-4)


def test_what_cannot_be_counted_is_not_guessed() -> None:
    inputs = layers.Input((4, 8))
    attention = layers.MultiHeadAttention(num_heads=2, key_dim=4)
    model = keras.Model(inputs, attention(inputs, inputs))
    assert network_cost(model) == NetworkCost(model.count_params(), None)
