"""What a network costs: its parameters and the arithmetic of one tile."""

import math
from dataclasses import dataclass

import keras
from keras import layers


@dataclass(frozen=True)
class Cost:
    """Size of a network.

    Attributes:
        parameters: Trainable and fixed ones.
        gflops: 1e9 floating-point operations for one tile, forward; a multiply-add counts as two.
    """

    parameters: int
    gflops: float


def network_cost(model: keras.Model) -> Cost:
    """Count parameters, and the operations of convolutions and dense layers.

    Other layers (normalisation, activation, resizing) cost under a few per cent and are left out,
    as is usual in published figures.

    Args:
        model: A built network of fixed input size; nested models are counted too.
    """
    return Cost(model.count_params(), round(2 * _multiply_adds(model) / 1e9, 4))


def _multiply_adds(model: keras.Model) -> int:
    total = 0
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            total += _multiply_adds(layer)
        elif isinstance(layer, (layers.Conv2D, layers.DepthwiseConv2D, layers.Dense)):
            positions = math.prod(layer.output.shape[1:-1])
            total += positions * math.prod(layer.kernel.shape)
    return total
