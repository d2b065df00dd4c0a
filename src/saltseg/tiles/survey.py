"""A survey as read and checked: equally sized tiles, their masks, and one table row per tile."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from saltseg.errors import DataError

Bytes = NDArray[np.uint8]


@dataclass(frozen=True)
class Survey:
    """Labelled tiles, and unlabelled ones where the dataset has any.

    Attributes:
        images: Grey levels of the labelled tiles, (N, H, W) uint8, 0 to 255.
        masks: Salt masks, (N, H, W) uint8, 1 = salt, 0 = not salt.
        tiles: One row per labelled tile, in array order: `id` (unique string), `z` (seismic depth,
            float, NaN where unknown), `coverage` (salt fraction, 0 to 1).
        unlabelled: Grey levels of the unlabelled tiles, (M, H, W) uint8; M may be 0.
        unlabelled_tiles: One row per unlabelled tile: `id` and `z`.
    """

    images: Bytes
    masks: Bytes
    tiles: pd.DataFrame
    unlabelled: Bytes
    unlabelled_tiles: pd.DataFrame


def coverage_of(masks: Bytes) -> NDArray[np.float64]:
    """Salt fraction of each mask.

    Args:
        masks: (N, H, W) uint8, 0 or 1.

    Returns:
        (N,) float64, 0 to 1.
    """
    fractions: NDArray[np.float64] = masks.mean(axis=(1, 2), dtype=np.float64)
    return fractions


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


def read_array(path: Path) -> NDArray[Any]:
    """Open an `.npy` file through a memory map, so that its size does not matter.

    Args:
        path: A file written by `numpy.save`; pickled objects are refused.

    Raises:
        DataError: The file is missing or is no plain array.
    """
    try:
        array: NDArray[Any] = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(f"{path}: no readable array ({error}); run `dvc repro`") from None
    return array


def read_table(path: Path, columns: Sequence[str]) -> pd.DataFrame:
    """Read a table that an earlier stage wrote; ids stay text.

    Raises:
        DataError: The table is missing, is no CSV, or lacks one of `columns`.
    """
    try:
        table = pd.read_csv(path, dtype={"id": str})
    except (OSError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path}: no readable table ({reason}); run `dvc repro`") from None
    if missing := [name for name in columns if name not in table]:
        raise DataError(f"{path}: column {missing[0]} is missing; run `dvc repro`")
    return table


def read_tiles(folder: Path) -> pd.DataFrame:
    """Read the table of labelled tiles below `folder`; columns as in `Survey.tiles`."""
    return read_table(folder / "tiles.csv", ("id", "z", "coverage"))
