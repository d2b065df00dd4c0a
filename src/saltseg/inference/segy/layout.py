"""Traces of a SEG-Y file, once it is known where they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from saltseg.errors import DataError
from saltseg.inference.segy.samples import KINDS

ByteOrder = Literal[">", "<"]
ORDERS: tuple[ByteOrder, ...] = (">", "<")
_BLOCK = 2**24


@dataclass(frozen=True)
class Layout:
    """Where the traces of a file are.

    Attributes:
        path: The file.
        order: Byte order of its headers, `>` or `<`.
        code: Sample code, a key of `KINDS`.
        start: Byte at which the first trace begins, counted from 0.
        header: Bytes before the samples of each trace.
        samples: Of each trace.
        traces: Whole ones.
        rest: Bytes behind them.
    """

    path: Path
    order: ByteOrder
    code: int
    start: int
    header: int
    samples: int
    traces: int
    rest: int

    @property
    def record(self) -> np.dtype[np.void]:
        """A trace: `header`, bytes, and `samples`, IBM floats as unsigned integers."""
        kind = np.dtype(KINDS[self.code]).newbyteorder(self.order)
        return np.dtype([("header", np.uint8, (self.header,)), ("samples", kind, (self.samples,))])

    def read(self, first: int, stop: int) -> NDArray[np.void]:
        """Traces from `first` on, up to `stop`, as `record`.

        Raises:
            DataError: The file has become shorter.
        """
        # No memory map: what cannot be read from a disk would kill the process.
        count = stop - first
        found = np.fromfile(self.path, self.record, count, offset=self.place(first))
        if len(found) < count:
            raise DataError(f"{self.path}: became shorter meanwhile; run the same again")
        return found

    def place(self, trace: int) -> int:
        """Byte at which a trace begins, counted from 0."""
        return self.start + trace * (self.header + self.samples * self.width)

    @property
    def width(self) -> int:
        """Bytes of a sample."""
        return np.dtype(KINDS[self.code]).itemsize

    def numbers(self, fields: Sequence[tuple[int, int]]) -> list[NDArray[np.int64]]:
        """What stands in the headers of all traces.

        Args:
            fields: First byte, counted from 1, and bytes of each number.

        Returns:
            An array, (traces,), for each field.
        """
        step = max(1, _BLOCK // self.record.itemsize)
        found: list[list[NDArray[np.int64]]] = [[] for _ in fields]
        for first in range(0, self.traces, step):
            headers = self.read(first, min(first + step, self.traces))["header"]
            for (byte, width), parts in zip(fields, found, strict=True):
                number = headers[:, byte - 1 : byte - 1 + width].copy()
                parts.append(number.view(f"{self.order}i{width}")[:, 0].astype(np.int64))
        return [np.concatenate(parts) for parts in found]
