"""What a network costs: its parameters and the arithmetic of one tile."""

import math
from dataclasses import dataclass

import keras
from keras import layers

_CHEAP = (layers.BatchNormalization, layers.LayerNormalization, layers.GroupNormalization)
"""Layers with weights that cost under a few per cent, left out as in published figures."""


@dataclass(frozen=True)
class NetworkCost:
    """Size of a network.

    Attributes:
        parameters: Trainable and fixed ones.
        gflops: 1e9 floating-point operations for one tile, forward; a multiply-add counts as two.
            None where it holds layers that cannot be counted.
    """

    parameters: int
    gflops: float | None


def network_cost(model: keras.Model) -> NetworkCost:
    """Count parameters, and the operations of convolutions and dense layers.

    Layers without weights (activation, resizing) cost little and are left out.

    Args:
        model: A built network of fixed input size; nested models are counted too.
    """
    counts = [_multiply_adds(layer) for layer in _leaves(model)]
    whole = [count for count in counts if count is not None]
    gflops = round(2 * sum(whole) / 1e9, 4) if len(whole) == len(counts) else None
    return NetworkCost(model.count_params(), gflops)


def _leaves(model: keras.Model) -> list[keras.Layer]:
    """The layers of a network and of those nested in it."""
    found = []
    for layer in model.layers:
        found += _leaves(layer) if isinstance(layer, keras.Model) else [layer]
    return found


def _multiply_adds(layer: keras.Layer) -> int | None:
    """Of one layer; None where it has weights and is of a kind not known here."""
    if not layer.weights or isinstance(layer, _CHEAP):
        return 0
    kernels = {
        layers.Conv2D: ["kernel"],
        layers.DepthwiseConv2D: ["kernel"],
        layers.Dense: ["kernel"],
        layers.SeparableConv2D: ["depthwise_kernel", "pointwise_kernel"],
    }
    for kind, names in kernels.items():
        if type(layer) is kind:
            positions = math.prod(layer.output.shape[1:-1])
            return sum(positions * math.prod(getattr(layer, name).shape) for name in names)
    return None
