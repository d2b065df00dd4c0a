"""The networks of all folds as one Keras model."""

from collections.abc import Sequence
from pathlib import Path

import keras
from keras import layers

from saltseg.array_types import Bytes
from saltseg.errors import WeightsError
from saltseg.inference.passes import Apart, Networks
from saltseg.inference.windows import Floats
from saltseg.machine import Precision
from saltseg.nets.blueprint import Blueprint
from saltseg.nets.weights_file import load_weights


def ensemble(
    blueprint: Blueprint, weights: Sequence[Path], precision: Precision = "float32"
) -> keras.Model:
    """The mean probability of networks of one kind.

    Args:
        blueprint: Of each network.
        weights: A file for each of them, one or several.
        precision: What they compute in.

    Returns:
        A model (B, S, S, C) uint8 -> (B, S, S, 1) float32.

    Raises:
        WeightsError: A file is missing, damaged, or of another network.
    """
    folds = []
    for number, path in enumerate(weights):
        try:
            network = blueprint.build(precision)
            load_weights(network, path)
        # A blueprint may ask Keras for anything.
        except (ValueError, TypeError, AttributeError) as error:
            raise WeightsError(
                f"{path}: not the weights of this network ({_brief(error)}); copy the whole folder"
                " of the fold again, or `dvc repro`"
            ) from None
        folds.append(keras.Model(network.input, network.output, name=f"fold{number}"))
    tile = layers.Input(folds[0].input_shape[1:], dtype="uint8", name="tile")
    found = [network(tile) for network in folds]
    mean = layers.Average(name="mean")(found) if len(found) > 1 else found[0]
    return keras.Model(tile, mean, name="ensemble")


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:300]


def networks(model: keras.Model) -> Networks:
    """A Keras model of `ensemble` as a plain function."""

    def predict(inputs: Bytes) -> Floats:
        probabilities: Floats = model.predict_on_batch(inputs)[..., 0]
        return probabilities

    return predict


def networks_apart(model: keras.Model) -> Apart:
    """A Keras model of `ensemble` as a plain function that gives each network's answer, too."""
    names = [layer.name for layer in model.layers]
    each = model.get_layer("mean").input if "mean" in names else [model.output]
    both = keras.Model(model.input, [model.output, *each], name="apart")

    def predict(inputs: Bytes) -> tuple[Floats, list[Floats]]:
        mean, *found = (one[..., 0] for one in both.predict_on_batch(inputs))
        return mean, found

    return predict
