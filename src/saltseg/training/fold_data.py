"""The tiles of one fold: what is trained on, held out, and never seen."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from saltseg.array_types import Bytes
from saltseg.errors import DataError
from saltseg.tiles.folds.table import HOLDOUT, divisions
from saltseg.tiles.inputs.processed import Kind, Processed
from saltseg.tiles.masks import labelled


@dataclass(frozen=True)
class FoldData:
    """The tiles of one fold.

    Attributes:
        images: All tiles, (N, S, S, C) uint8.
        masks: All masks, (N, S, S, 1) uint8, values as in `tiles.masks`.
        kinds: Of the C channels.
        fitted: Indices of the tiles to train on.
        held_out: Indices of the fold's own tiles, never trained on; one of its division's other
            folds holds each other tile.
        unseen: Indices of the hold-out, which decides nothing: predicted at the very end.
        fold: Which one of the table; each trains from random numbers of its own.
    """

    images: Bytes
    masks: Bytes
    kinds: Sequence[Kind]
    fitted: NDArray[np.int64]
    held_out: NDArray[np.int64]
    unseen: NDArray[np.int64]
    fold: int

    @classmethod
    def of(cls, tiles: Processed, folds: pd.DataFrame, fold: int) -> "FoldData":
        """Select fold `fold` of the fold table.

        Raises:
            DataError: The table does not fit the arrays, or has no such fold.
        """
        if len(tiles.images) != len(folds):
            raise DataError(
                f"{len(tiles.images)} tiles, but the fold table has {len(folds)}; run `dvc repro`"
            )
        ((division, _),) = divisions(folds, [fold])
        of = division["fold"].to_numpy()
        own, unseen = of == fold, of == HOLDOUT
        parts = (~own & ~unseen, own, unseen)
        fitted, held_out, last = (np.flatnonzero(part) for part in parts)
        arrays = tiles.images, tiles.masks, tiles.kinds
        return cls(*arrays, fitted, held_out, last, fold)

    @property
    def partly_labelled(self) -> bool:
        """Whether any mask of the survey, not of this fold alone, has unlabelled pixels."""
        return any(not labelled(mask).all() for mask in self.masks)
