"""The network's input as `preprocess` leaves it, read and checked."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from saltseg.array_types import Bytes
from saltseg.errors import DataError
from saltseg.params import Preprocess
from saltseg.tiles.inputs.native import Native
from saltseg.tiles.survey import read_array

Kind = Literal["grey", "gradient", "position"]
"""How a channel follows a tile that is moved, brightened or given more contrast: as grey levels do,
as differences of grey levels do, or not at all."""

_ADVICE = "run `dvc repro`, or `dvc repro --force preprocess`"


@dataclass(frozen=True)
class Processed:
    """All labelled tiles as a network sees them.

    Attributes:
        images: (N, S, S, C) uint8, a memory map.
        masks: (N, S, S, 1) uint8, values as in `tiles.masks`, a memory map.
        kinds: Of the C channels.
        native: The tiles before.
    """

    images: Bytes
    masks: Bytes
    kinds: Sequence[Kind]
    native: Native


def write_kinds(kinds: Sequence[Kind], folder: Path) -> None:
    """Write what `read_processed` reads as `kinds`."""
    (folder / "channels.json").write_text(json.dumps(list(kinds)) + "\n")


def read_processed(folder: Path, options: Preprocess) -> Processed:
    """Read what `write_arrays` wrote.

    Args:
        folder: With images.npy, masks.npy, channels.json and native.json.
        options: What they must have been made with.

    Raises:
        DataError: A file is missing or damaged, or the arrays have another side or other channels.
    """
    images, masks = (read_array(folder / f"{name}.npy") for name in ("images", "masks"))
    asked = (options.side, options.side, len(options.channels))
    for array, name, expected in ((images, "images", asked), (masks, "masks", (*asked[:2], 1))):
        if array.shape[1:] != expected:
            have, want = ("x".join(map(str, shape)) for shape in (array.shape[1:], expected))
            raise DataError(
                f"{folder / name}.npy: tiles of {have}, but params.yaml asks for {want} (side,"
                f" side, channels); {_ADVICE}"
            )
    return Processed(
        images, masks, _read_kinds(folder, asked[2]), Native.read(folder / "native.json")
    )


def _read_kinds(folder: Path, channels: int) -> list[Kind]:
    path = folder / "channels.json"
    try:
        kinds = json.loads(path.read_text())
    except (OSError, ValueError):
        kinds = None
    known = isinstance(kinds, list) and all(kind in get_args(Kind) for kind in kinds)
    if not known or len(kinds) != channels:
        raise DataError(f"{path}: missing or damaged; {_ADVICE}")
    return list(kinds)
