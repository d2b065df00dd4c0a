"""Amplitudes or grey levels in an `.npy` file: one section, or several of one size."""

import sys
from math import isqrt
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.format import dtype_to_descr, open_memmap, write_array_header_1_0
from numpy.typing import NDArray

from saltseg.errors import DataError
from saltseg.inference.axes import order_of, seems_depth
from saltseg.inference.defaults import AXES
from saltseg.inference.grey.tones import Showing
from saltseg.inference.volumes import Result, Volume, spread

_SAMPLED, _SAMPLED_SECTIONS = 2**20, 64
_WRITTEN = 2**26
"""Values written in one piece where sections do not follow each other in the file."""
_EXPECTED = (
    "expected (samples, traces) or (sections, samples, traces) of amplitudes, or of grey levels as"
    " uint8, written by numpy.save"
)


class NpyVolume(Volume):
    """A file of sections; see `Volume`."""

    def __init__(
        self, path: Path, clip: float, showing: Showing | None = None, axes: str | None = None
    ) -> None:
        """Open a file.

        Args:
            path: The file.
            clip: As in `Volume`.
            showing: As there.
            axes: What its axes are, as in `order_of`; None for sections, samples, traces.

        Raises:
            DataError: It is no plain array of numbers, or has neither two nor three axes.
        """
        super().__init__(path, clip, showing)
        array = self._open()
        if array.ndim not in (2, 3) or array.dtype.kind not in "fiu" or not array.size:
            shape = "x".join(map(str, array.shape)) or "of one number"
            raise DataError(f"{path}: an array {shape} of {str(array.dtype)[:40]}; {_EXPECTED}")
        if axes is None and array.ndim == 3 and _is_picture(array):
            raise DataError(
                f"{path}: {array.shape[2]} value(s) at each of {array.shape[0]}x{array.shape[1]}"
                " places, as in a picture with channels; save one of them, or say with --axes what"
                " the axes are"
            )
        self._axes_given = axes is not None
        self._order = order_of(axes or AXES, array.ndim, path)
        if array.ndim == 2:
            self._numbers = {path.stem: 0}
        else:
            count = array.shape[self._order[0]]
            width = len(str(count - 1))
            self._numbers = {f"{path.stem}/{n:0{width}d}": n for n in range(count)}

    @property
    def ids(self) -> list[str]:
        """`NAME`, or `NAME/NUMBER` of each section."""
        return list(self._numbers)

    def samples(self, id_: str) -> NDArray[Any]:
        """A section, (samples, traces)."""
        return np.array(_sections(self._open(), self._order)[self._numbers[id_]])

    def some(self) -> NDArray[Any]:
        """A part of the sections; says on the way that the axes may be others."""
        if not self._axes_given:
            self._check_axes()
        return _sample(_sections(self._open(), self._order))

    def write(self, result: Result, target: Path, binary: bool) -> None:
        """Write an array of the shape of the file, uint8 where binary, else float32."""
        dtype = np.dtype(np.uint8 if binary else np.float32)
        shape = self._open().shape
        header = {"descr": dtype_to_descr(dtype), "fortran_order": False, "shape": shape}
        # Where sections come first, one is written after the other; else some rows of all.
        rows = max(1, _WRITTEN // (self._open().size // shape[0]))
        if self._order[0] == 0 and len(shape) == 3:
            rows = 1
        # No memory map: a disk that is full while one is written to kills the process.
        with target.open("wb") as file:
            write_array_header_1_0(file, header)
            for start in range(0, shape[0], rows):
                part = np.empty((min(rows, shape[0] - start), *shape[1:]), dtype)
                self._fill(part, start, result)
                file.write(part.data)

    def _fill(self, part: NDArray[Any], start: int, result: Result) -> None:
        """Put what was predicted into some rows of the file, `start` and those after it."""
        sections = _sections(part, self._order)
        for id_, number in self._numbers.items():
            if len(self._order) == 2 or self._order[0]:
                cut: list[slice] = [slice(None), slice(None)]
                cut[self._order[-2:].index(0)] = slice(start, start + len(part))
                sections[number] = result(id_)[tuple(cut)]
            elif start <= number < start + len(part):
                sections[number - start] = result(id_)

    def _open(self) -> NDArray[Any]:
        try:
            # Not `numpy.load`, which takes what looks like a zip or a pickle for one.
            array: NDArray[Any] = open_memmap(self.path, mode="r")
        except Exception as error:  # of NumPy and of Python's parser, which reads the header
            reason = " ".join(str(error).split())[:200]
            raise DataError(f"{self.path}: no readable array ({reason}); {_EXPECTED}") from None
        return array

    def _check_axes(self) -> None:
        taken = self._order[-2]
        number = seems_depth(self._open(), taken)
        if number is not None:
            places = ("first", "second", "third")
            print(
                f"warning: {self.path}: its {places[number]} axis looks like depth, but the"
                f" {places[taken]} is taken for it; --axes names them in their order, for instance"
                " inline,crossline,depth",
                file=sys.stderr,
            )


def _sections(array: NDArray[Any], order: tuple[int, ...]) -> NDArray[Any]:
    """A view of the same array as (sections, samples, traces)."""
    turned = array.transpose(order)
    return turned if turned.ndim == 3 else turned[None]


def _is_picture(array: NDArray[Any]) -> bool:
    """Whether the last axis seems to count colours, not traces."""
    height, width, last = array.shape
    colours = (3, 4) if array.dtype == np.uint8 else ()
    return last in (1, *colours) and min(height, width) > max(colours, default=1)


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
