"""Weights from a file that may be damaged or malicious."""

import math
import warnings
from pathlib import Path

import h5py
import keras
import numpy as np


def load_weights(model: keras.Model, path: Path) -> None:
    """Load weights into a network.

    Args:
        model: The network, changed in place.
        path: A file that Keras can load: `.weights.h5`, or the `.h5` of `keras.applications`.

    Raises:
        ValueError: In one line, why the file holds no weights of this network.
    """
    try:
        if path.suffix != ".h5":  # Keras reads other things by other names
            raise ValueError("files of Keras weights end in .h5")
        if path.exists() and not path.is_file():  # to open a pipe would wait for ever
            raise ValueError("a folder, a pipe or a device")
        _check_plain(path, model)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a line for each layer that does not fit; ours is one
            model.load_weights(path)
        if not all(np.isfinite(value).all() for value in model.get_weights()):
            raise ValueError("some are no finite numbers")
    except Exception as error:  # Keras trusts the file, and may raise anything
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        reason = "".join(c if c.isprintable() else "?" for c in reason[:300])
        raise ValueError(reason) from None


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
