"""Seismic amplitudes in one file, as sections that are predicted one by one."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from saltseg.tiles.survey import Bytes

Result = Callable[[str], NDArray[Any]]
"""Id of a section -> what was predicted for it, (H, W), 0 to 1."""


class Volume(Protocol):
    """A file of sections.

    Attributes:
        path: The file.
        ids: Of its sections.
    """

    path: Path

    @property
    def ids(self) -> Sequence[str]:
        """Ids of the sections, in their order."""

    def read(self, id_: str) -> Bytes:
        """Grey levels of a section, (samples, traces) uint8.

        Raises:
            DataError: It holds amplitudes that are NaN or infinite, or cannot be read.
        """

    def write(self, result: Result, target: Path, binary: bool) -> None:
        """Write what was predicted in the geometry of the file.

        Args:
            result: Gives the prediction of each section.
            target: File to write.
            binary: Whether it is a mask; else probabilities.
        """


def spread(count: int, most: int) -> NDArray[np.int64]:
    """At most `most` of `count` indices, evenly spread, first and last among them.

    The clip is taken from such a part of a file: one of any size is quick, and fits into memory.
    """
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
