"""A survey as read and checked: equally sized tiles, their masks, and one table row per tile."""

import re
import reprlib
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from saltseg.array_types import Bytes
from saltseg.errors import DataError

_LABELLED = ("images", "masks")
_RANGES = {
    "z": (-1e9, 1e9, "numbers"),
    "coverage": (0, 1, "fractions from 0 to 1"),
    "coverage_class": (0, 10, "whole numbers from 0 to 10"),
    "fold": (-1, 2**31, "whole numbers from -1"),
    "group": (0, 2**31, "whole numbers from 0"),
    "row": (0, 2**31, "whole numbers from 0"),
    "column": (0, 2**31, "whole numbers from 0"),
    "epoch": (1, 2**31, "whole numbers from 1"),
}
"""What columns of our tables hold: least, most, and both in words."""
_NUMBERED = re.compile(r"_\d+$")
"""End of the name of one of several columns of a kind."""


@dataclass(frozen=True)
class Survey:
    """Labelled tiles, and unlabelled ones where the dataset has any.

    Attributes:
        images: Grey levels of the labelled tiles, (N, H, W) uint8, 0 to 255.
        masks: Salt masks, (N, H, W) uint8, values as in `tiles.masks`; in each a labelled pixel.
        tiles: One row per labelled tile, in array order: `id` (unique string), `z` (seismic depth,
            float, NaN where unknown), `coverage` (salt fraction of the labelled pixels, 0 to 1).
        unlabelled: Grey levels of the unlabelled tiles, (M, H, W) uint8; M may be 0.
        unlabelled_tiles: One row per unlabelled tile: `id` and `z`.
        remarks: What people should know of the files it was read from, a sentence each.
    """

    images: Bytes
    masks: Bytes
    tiles: pd.DataFrame
    unlabelled: Bytes
    unlabelled_tiles: pd.DataFrame
    remarks: Sequence[str] = ()


def save_survey(survey: Survey, folder: Path) -> None:
    """Write a survey as `images.npy`, `masks.npy`, `tiles.csv`, `unlabelled.npy`, `unlabelled.csv`.

    Args:
        survey: What to write.
        folder: Created where missing.
    """
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "images.npy", survey.images)
    np.save(folder / "masks.npy", survey.masks)
    np.save(folder / "unlabelled.npy", survey.unlabelled)
    survey.tiles.to_csv(folder / "tiles.csv", index=False)
    survey.unlabelled_tiles.to_csv(folder / "unlabelled.csv", index=False)


def read_array(
    path: Path, dtype: type[np.generic] = np.uint8, dimensions: int | None = None
) -> NDArray[Any]:
    """Open an `.npy` file through a memory map, so that its size does not matter.

    Args:
        path: A file written by `numpy.save`; pickled objects are refused.
        dtype: What it must hold.
        dimensions: How many axes it must have; None = any number.

    Raises:
        DataError: The file is missing, is no plain array, or one of another kind.
    """
    try:
        _require_file(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of headers that it then refuses
            # Not `numpy.load`, which takes what looks like a zip or a pickle for one.
            array: NDArray[Any] = open_memmap(path, mode="r")
        if array.dtype != dtype or array.ndim != (dimensions or array.ndim):
            raise ValueError(f"{array.ndim} axes of {str(array.dtype)[:40]}")
    except Exception as error:  # NumPy lets through what Python's parser of the header raises
        raise DataError(f"{path}: no readable array ({_brief(error)}); run `dvc repro`") from None
    return array


def read_labelled(folder: Path) -> tuple[pd.DataFrame, Bytes, Bytes]:
    """Open the labelled tiles that `save_survey` wrote: their table, images and masks.

    Raises:
        DataError: A file is missing or unreadable, or they are of different surveys.
    """
    tiles = read_tiles(folder)
    images, masks = (read_array(folder / f"{name}.npy", dimensions=3) for name in _LABELLED)
    if not images.shape == masks.shape == (len(tiles), *images.shape[1:]):
        raise DataError(
            f"{folder}: images {images.shape}, masks {masks.shape} and {len(tiles)} rows of"
            " tiles.csv do not belong together; run `dvc repro`"
        )
    return tiles, images, masks


def read_table(
    path: Path,
    columns: Sequence[str],
    content: bytes | None = None,
    unique: Sequence[str] = ("id",),
) -> pd.DataFrame:
    """Read a table that an earlier stage wrote; ids stay text.

    Args:
        path: The file.
        columns: Those that are checked.
        content: Of the file where it has been read already; then `path` only names it.
        unique: Columns that together tell the rows apart, where the table has ids.

    Raises:
        DataError: The table is missing, is no CSV, lacks one of `columns`, or holds in one of them
            what cannot be.
    """
    try:
        if content is None:
            _require_file(path)
            content = path.read_bytes()
        names = pd.read_csv(BytesIO(content), nrows=0).columns
        # An id may look like NA, and only in other columns does nothing mean missing.
        missing = {name: [""] for name in names if name != "id"}
        table = pd.read_csv(
            BytesIO(content), dtype={"id": str}, keep_default_na=False, na_values=missing
        )
        if not isinstance(table.index, pd.RangeIndex):
            raise ValueError("its rows are longer than its header")
    except (OSError, ValueError) as error:
        raise DataError(f"{path}: no readable table ({_brief(error)}); run `dvc repro`") from None
    for name in columns:
        if name not in table:
            raise DataError(f"{path}: column {name} is missing; run `dvc repro`")
        expected, wrong = _wrong_cells(table[name], name)
        if name == "id":
            expected += ", each once" if len(unique) == 1 else f", each once for a {unique[-1]}"
            wrong = wrong | table.duplicated(list(unique)).to_numpy()
        if wrong.any():
            row = int(np.argmax(wrong))
            raise DataError(
                f"{path}: column {name} holds something else than {expected} (row {row + 1}:"
                f" {reprlib.repr(str(table[name].iloc[row]))}); run `dvc repro`"
            )
    return table


def _wrong_cells(column: pd.Series, name: str) -> tuple[str, NDArray[np.bool_]]:
    """What a column of this name holds in every table, and which cells of it hold else."""
    if name == "id":
        return "ids", np.asarray(column == "")
    low, high, expected = _RANGES[_NUMBERED.sub("", name)]
    numbers = pd.to_numeric(column, errors="coerce")
    inside = numbers.between(low, high)
    if expected.startswith("whole"):
        inside &= numbers % 1 == 0
    if name == "z":
        inside |= column.isna()
    return expected, ~np.asarray(inside)


def read_tiles(folder: Path) -> pd.DataFrame:
    """Read the table of labelled tiles below `folder`; columns as in `Survey.tiles`."""
    return read_table(folder / "tiles.csv", ("id", "z", "coverage"))


def _require_file(path: Path) -> None:
    """Raise `OSError` for what is none: opening a pipe would wait for ever."""
    if path.exists() and not path.is_file():
        raise OSError("a folder, a pipe or a device")


def _brief(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
