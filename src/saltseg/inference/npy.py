"""Amplitudes or grey levels in an `.npy` file: one section, or several of one size."""

from functools import cached_property
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import dtype_to_descr, open_memmap, write_array_header_1_0
from numpy.typing import NDArray

from saltseg.errors import DataError
from saltseg.inference.volumes import Result, spread
from saltseg.tiles.amplitudes import clip_limit, grey_levels
from saltseg.tiles.survey import Bytes

_SAMPLED, _SAMPLED_SECTIONS = 2**20, 64
_EXPECTED = (
    "expected (samples, traces) or (sections, samples, traces) of amplitudes, or of grey levels as"
    " uint8, written by numpy.save"
)


class NpyVolume:
    """A file of sections; see `Volume`."""

    def __init__(self, path: Path, clip: float) -> None:
        """Open a file.

        Args:
            path: The file; the depth runs along the last axis but one.
            clip: Percentile of absolute amplitudes at which they are clipped.

        Raises:
            DataError: It is no plain array of numbers, or has neither two nor three axes.
        """
        self.path = path
        self._clip = clip
        array = self._open()
        if array.ndim not in (2, 3) or array.dtype.kind not in "fiu" or not array.size:
            shape = "x".join(map(str, array.shape)) or "of one number"
            raise DataError(f"{path}: an array {shape} of {str(array.dtype)[:40]}; {_EXPECTED}")
        if array.ndim == 2:
            self._numbers = {path.stem: 0}
        else:
            width = len(str(len(array) - 1))
            self._numbers = {f"{path.stem}/{n:0{width}d}": n for n in range(len(array))}

    @property
    def ids(self) -> list[str]:
        """`NAME`, or `NAME/NUMBER` of each section."""
        return list(self._numbers)

    def read(self, id_: str) -> Bytes:
        """Grey levels of a section, (samples, traces) uint8."""
        section = _sections(self._open())[self._numbers[id_]]
        if section.dtype == np.uint8:
            return np.array(section)
        return grey_levels(section, self._limit, f"{self.path}: section {id_}")

    def write(self, result: Result, target: Path, binary: bool) -> None:
        """Write an array of the shape of the file, uint8 where binary, else float32."""
        dtype = np.dtype(np.uint8 if binary else np.float32)
        header = {
            "descr": dtype_to_descr(dtype),
            "fortran_order": False,
            "shape": self._open().shape,
        }
        # No memory map: a disk that is full while one is written to kills the process.
        with target.open("wb") as file:
            write_array_header_1_0(file, header)
            for id_ in self._numbers:
                file.write(np.ascontiguousarray(result(id_), dtype).data)

    def _open(self) -> NDArray[Any]:
        try:
            # Not `numpy.load`, which takes what looks like a zip or a pickle for one.
            array: NDArray[Any] = open_memmap(self.path, mode="r")
        except Exception as error:  # of NumPy and of Python's parser, which reads the header
            reason = " ".join(str(error).split())[:200]
            raise DataError(f"{self.path}: no readable array ({reason}); {_EXPECTED}") from None
        return array

    @cached_property
    def _limit(self) -> float:
        return clip_limit(_sample(_sections(self._open())), self._clip)


def _sections(array: NDArray[Any]) -> NDArray[Any]:
    """The same array with three axes."""
    return array if array.ndim == 3 else array[None]


def _sample(sections: NDArray[Any]) -> NDArray[Any]:
    """All of a small file, else about `_SAMPLED` values: rows and columns of some sections."""
    if sections.size <= _SAMPLED:
        return sections
    count, height, width = sections.shape
    some = min(count, _SAMPLED_SECTIONS)
    # What one axis is too short for goes to the others.
    rows = min(height, isqrt(_SAMPLED // some))
    columns = min(width, _SAMPLED // (some * rows))
    rows = min(height, _SAMPLED // (some * columns))
    some = min(count, _SAMPLED // (rows * columns))
    return sections[np.ix_(*map(spread, sections.shape, (some, rows, columns)))]
