"""Seismic amplitudes in one file, as sections that are predicted one by one."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saltseg.array_types import Bytes
from saltseg.inference.grey.tones import Showing, Shown, Tones

Result = Callable[[str], NDArray[Any]]
"""Id of a section -> what was predicted for it, (H, W), 0 to 1."""


class Volume(ABC):
    """A file of sections.

    Attributes:
        path: The file.
        ids: Of its sections, in their order.
    """

    path: Path

    def __init__(self, path: Path, clip: float, showing: Showing | None = None) -> None:
        """Take a file.

        Args:
            path: The file.
            clip: Percentile of absolute amplitudes at which they are clipped.
            showing: How else they become grey levels; None for the defaults.
        """
        self.path = path
        self._clip, self._showing = clip, showing or Showing()

    @property
    @abstractmethod
    def ids(self) -> Sequence[str]:
        """Ids of the sections, in their order."""

    @abstractmethod
    def samples(self, id_: str) -> NDArray[Any]:
        """Samples of a section as they are in the file, (samples, traces).

        Raises:
            DataError: It cannot be read.
        """

    @abstractmethod
    def some(self) -> NDArray[Any]:
        """Samples from all over the file, of any shape, as many as fit into memory easily."""

    @abstractmethod
    def write(self, result: Result, target: Path, binary: bool) -> None:
        """Write what was predicted in the geometry of the file.

        Args:
            result: Gives the prediction of each section.
            target: File to write.
            binary: Whether it is a mask; else probabilities.
        """

    @cached_property
    def tones(self) -> Tones:
        """How its samples become grey levels.

        Raises:
            DataError: They may be amplitudes or grey levels.
        """
        return Tones(self.some(), self._clip, self._showing, self.path)

    def show(self, id_: str, tile: tuple[int, int] | None = None) -> Shown:
        """A section as a network may see it.

        Args:
            id_: The section.
            tile: Height and width of a training tile, pixels; None for one clip for the file.

        Raises:
            DataError: It holds infinite amplitudes, or cannot be read.
        """
        where = f"{self.path}: section {id_} (sample, trace)"
        return self.tones.show(self.samples(id_), tile, where)

    def read(self, id_: str) -> Bytes:
        """Grey levels of a section with one clip for the file, (samples, traces) uint8."""
        return self.show(id_).grey


def spread(count: int, most: int) -> NDArray[np.int64]:
    """At most `most` of `count` indices, evenly spread, first and last among them.

    The clip is taken from such a part of a file: one of any size is quick, and fits into memory.
    """
    return np.unique(np.linspace(0, count - 1, min(count, most)).round().astype(np.int64))
