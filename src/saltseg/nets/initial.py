"""Initial weights of a backbone: downloaded, from a file, or fitted to other channels."""

import math
import warnings
from pathlib import Path

import h5py
import keras
import numpy as np

from saltseg.errors import WeightsError
from saltseg.nets.encoders import build_backbone
from saltseg.params import BackboneRow

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


def _read(row: BackboneRow, path: Path) -> keras.Model:
    """The backbone with three channels and the weights of a file."""
    model = build_backbone(row, _SIDE, _RGB)
    try:
        if path.suffix != ".h5":  # Keras reads other things by other names
            raise ValueError("files of Keras weights end in .h5")
        if path.exists() and not path.is_file():  # to open a pipe would wait for ever
            raise ValueError("a folder, a pipe or a device")
        _check_plain(path, model)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # one line a layer that does not fit; we tell it in one
            model.load_weights(path)
        if not all(np.isfinite(value).all() for value in model.get_weights()):
            raise ValueError("some are no finite numbers")
    except Exception as error:  # Keras trusts the file: what a hostile one raises has no end
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        reason = "".join(c if c.isprintable() else "?" for c in reason[:300])
        raise WeightsError(
            f"{path}: not weights of {row.constructor} without top ({reason}); "
            "give the matching file, or set model.weights to random or imagenet"
        ) from None
    return model


def _check_plain(path: Path, model: keras.Model) -> None:
    """Make sure that an HDF5 file leads nowhere else and is no larger than it must be.

    Keras reads an array before it looks at its size, and a few kilobytes can stand for gigabytes.

    Raises:
        ValueError: With what the file must not hold.
    """
    # Twice: the numbers may stand there with double precision.
    most = 2 * max(value.nbytes for value in model.get_weights())
    with h5py.File(path) as file:
        waiting, seen = [file], set()
        while waiting:
            group = waiting.pop()
            _check_attributes(group, model)
            for name in group:
                where = f"{group.name}/{name}"
                # Asked first: to open an external link opens any file of this computer.
                if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                    raise ValueError(f"{where} is a link")
                item = group[name]
                if isinstance(item, h5py.Dataset):
                    if item.external or item.is_virtual or item.dtype.kind not in "fiub":
                        raise ValueError(f"{where} is no plain array of numbers")
                    if item.nbytes > most:
                        raise ValueError(f"{where} is larger than any of them")
                elif isinstance(item, h5py.Group):
                    address = h5py.h5o.get_info(item.id).addr
                    if address not in seen:  # groups can hold each other
                        waiting.append(item)
                    seen.add(address)


def _check_attributes(group: h5py.Group, model: keras.Model) -> None:
    """Refuse lists of names so long that Keras would read an array, or a text, again and again."""
    in_a_layer = max(len(layer.weights) for layer in model.layers)
    for name in group.attrs:
        most = in_a_layer if name.startswith("weight_names") else 2 * len(model.layers)
        if math.prod(group.attrs.get_id(name).shape or ()) > most:
            raise ValueError(f"{group.name} has more {name} than the network")


def _fit(value: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """A kernel (h, w, 3, filters) as (h, w, C, filters); everything else as it is."""
    if value.shape == tuple(shape):
        return value
    mean = value.mean(axis=-2, keepdims=True) * (_RGB / shape[-2])
    return np.broadcast_to(mean, shape)


def fetch_imagenet(row: BackboneRow, path: Path) -> None:
    """Download ImageNet weights through Keras and write them as `.weights.h5`.

    Raises:
        WeightsError: There are none for this backbone, or the download failed; the text names
            the file and the setting to use instead.
    """
    if row.constructor == "plain":
        raise WeightsError("model.weights: no ImageNet weights exist for plain; use random")
    constructor = getattr(keras.applications, row.constructor)
    try:
        model = constructor(
            include_top=False, weights="imagenet", input_shape=(_SIDE, _SIDE, _RGB), **row.options
        )
    except Exception as error:  # keras.utils.get_file raises a bare Exception on a failed download
        reason = (str(error).strip() or type(error).__name__).splitlines()[-1]
        raise WeightsError(
            f"model.weights: imagenet could not be downloaded ({reason}); fetch the file "
            "elsewhere, put it into weights/ and set model.weights to its name, or to random"
        ) from None
    model.save_weights(path)
