"""Initial weights.

Of a backbone, downloaded, from a file, or fitted to other channels; or of a whole network that was
trained before.
"""

from pathlib import Path

import h5py
import keras
import numpy as np

from saltseg.backbones import BackboneRow
from saltseg.errors import WeightsError
from saltseg.nets.encoders import SOURCES, build_backbone
from saltseg.nets.weights_file import load_weights

ENCODER, NETWORK = "encoder.weights.h5", "network.weights.h5"
"""Names of files with initial weights: of a backbone, of a whole network."""

# Trained weights exist for three input channels; the side does not matter to them.
_RGB, _SIDE = 3, 64


def load_initial(backbone: keras.Model, row: BackboneRow, path: Path) -> None:
    """Load initial weights made for three channels into a backbone with any number of them.

    With another number C, the first convolution sees in each channel the mean of its colour
    kernels times 3 / C, so that its response to grey input stays the same.

    Args:
        backbone: The network of `row`, changed in place.
        row: Row of the backbone table.
        path: A file that Keras can load: `.weights.h5`, or the `.h5` of `keras.applications`.

    Raises:
        WeightsError: The file is no weights file, or one of another network.
    """
    source = _read(row, path)
    for old, new in zip(source.layers, backbone.layers, strict=True):
        new.set_weights(
            [
                _fit(value, variable.shape)
                for value, variable in zip(old.get_weights(), new.weights, strict=True)
            ]
        )


def convert_initial(row: BackboneRow, path: Path, target: Path) -> None:
    """Check that a file holds weights of a backbone, and write them as `.weights.h5`.

    Raises:
        WeightsError: As in `load_initial`.
    """
    _read(row, path).save_weights(target)


def find_initial(folder: Path) -> Path | None:
    """The file with initial weights in a folder; None where there is none, for random ones."""
    files = (folder / name for name in (ENCODER, NETWORK))
    return next((file for file in files if file.exists()), None)


def holds_network(path: Path) -> bool:
    """Whether a file holds the weights of a whole network, as training leaves them."""
    try:
        with h5py.File(path) as file:
            link = file.get("layers/functional", getlink=True)
    except (OSError, KeyError):
        return False
    return isinstance(link, h5py.HardLink)


def load_network(network: keras.Model, path: Path) -> None:
    """Load all weights of a network that was trained before into one of the same kind.

    Raises:
        WeightsError: The file is damaged, or of another network.
    """
    try:
        load_weights(network, path)
        # Keras passes over layers that only the file has.
        arrays: list[str] = []
        with h5py.File(path) as file:
            file["layers"].visititems(
                lambda name, item: arrays.append(name) if isinstance(item, h5py.Dataset) else None
            )
        if len(arrays) != len(network.weights):
            raise ValueError(f"{len(arrays)} arrays for {len(network.weights)}")
    except ValueError as error:
        raise WeightsError(
            f"model.weights: not the weights of this network ({error}); backbone, decoder, channels"
            " and heads must be those of the run they come from"
        ) from None


def _read(row: BackboneRow, path: Path) -> keras.Model:
    """The backbone with three channels and the weights of a file."""
    model = build_backbone(row, _SIDE, _RGB)
    try:
        load_weights(model, path)
    except ValueError as error:
        raise WeightsError(
            f"{path}: not weights of {row.constructor} without top ({error}); "
            "give the matching file, or set model.weights to random or imagenet"
        ) from None
    return model


def _fit(value: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A kernel (h, w, 3, filters) as (h, w, C, filters); everything else as it is."""
    if value.shape == tuple(shape):
        return value
    mean = value.mean(axis=-2, keepdims=True) * (_RGB / shape[-2])
    return np.broadcast_to(mean, shape)


def fetch_imagenet(row: BackboneRow, path: Path) -> None:
    """Get ImageNet weights of a backbone and write them as `.weights.h5`.

    Raises:
        WeightsError: There are none for this backbone, or the download failed.
    """
    SOURCES[row.source].build_pretrained(row, _SIDE).save_weights(path)
