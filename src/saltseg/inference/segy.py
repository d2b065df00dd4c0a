"""SEG-Y files: sections of traces, and masks written with the headers of the file kept."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from pathlib import Path

import numpy as np
import segyio
from numpy.typing import NDArray

from saltseg.errors import DataError
from saltseg.inference.volumes import Result, spread
from saltseg.tiles.amplitudes import clip_limit, grey_levels, require_finite
from saltseg.tiles.survey import Bytes

SEGY_SUFFIXES = (".sgy", ".segy")
PER_CENT = 100


@dataclass(frozen=True)
class Geometry:
    """Where the headers of traces keep their place.

    Attributes:
        iline: First byte of the inline number, counted from 1.
        xline: First byte of the crossline number.
        line: Take the file as one 2-D line, traces in their order, whatever the headers say.
    """

    iline: int = 189
    xline: int = 193
    line: bool = False


class SegyVolume:
    """A file of traces, as one section for each inline (or crossline); see `Volume`."""

    def __init__(self, path: Path, clip: float, geometry: Geometry) -> None:
        """Read the geometry of a file.

        Args:
            path: The file.
            clip: Percentile of absolute amplitudes at which they are clipped.
            geometry: Where the headers keep it.

        Raises:
            DataError: It is no SEG-Y file, or has no geometry.
        """
        self.path = path
        self._clip = clip
        with self._open() as file:
            traces = file.tracecount
            if geometry.line:
                self._traces = {path.stem: (0, traces)}
                return
            numbers = [
                np.asarray(file.attributes(byte)[:], np.int64)
                for byte in (geometry.iline, geometry.xline)
            ]
        found = _sections(*numbers)
        if found is None:
            raise DataError(
                f"{path}: no geometry: bytes {geometry.iline} and {geometry.xline} of the trace"
                " headers hold no inline and crossline numbers in order; say where they are with"
                " --iline and --xline, or --line for a single 2-D line"
            )
        kind, runs = found
        self._traces = {f"{path.stem}/{kind}-{number}": run for number, run in runs.items()}

    @property
    def ids(self) -> list[str]:
        """`NAME` of a line, else `NAME/inline-NUMBER` or `NAME/crossline-NUMBER`."""
        return list(self._traces)

    def read(self, id_: str) -> Bytes:
        """Grey levels of a section, (samples, traces) uint8."""
        start, stop = self._traces[id_]
        with self._open() as file:
            amplitudes = np.array(file.trace.raw[start:stop]).T
        require_finite(amplitudes, f"{self.path}: section {id_} (sample, trace)")
        return grey_levels(amplitudes, self._limit)

    def write(self, result: Result, target: Path, binary: bool) -> None:
        """Write a copy of the file with the prediction in place of amplitudes.

        Where samples are integers, probabilities become whole per cent.
        """
        shutil.copyfile(self.path, target)
        with segyio.open(target, "r+", ignore_geometry=True) as file:
            dtype = np.dtype(file.dtype)
            for id_, (start, stop) in self._traces.items():
                found = result(id_).T
                if dtype.kind in "iu" and not binary:
                    found = np.rint(PER_CENT * found)
                for trace, values in zip(range(start, stop), found, strict=True):
                    file.trace[trace] = np.ascontiguousarray(values, dtype)

    @contextmanager
    def _open(self) -> Iterator[segyio.SegyFile]:
        try:
            file = segyio.open(self.path, ignore_geometry=True)
        except Exception as error:  # segyio raises several kinds, some of them bare
            reason = " ".join(str(error).split())[:200]
            raise DataError(
                f"{self.path}: no readable SEG-Y file ({reason}); expected traces of one length"
            ) from None
        with file:
            yield file

    @cached_property
    def _limit(self) -> float:
        with self._open() as file:
            sample = np.stack([file.trace.raw[int(n)] for n in spread(file.tracecount)])
        return clip_limit(sample, self._clip)


def _sections(
    ilines: NDArray[np.int64], xlines: NDArray[np.int64]
) -> tuple[str, dict[int, tuple[int, int]]] | None:
    """Runs of neighbouring traces with one inline number, or else one crossline number.

    Returns:
        What the numbers are, and first and last trace plus one by number; None where there is no
        such order, or two traces have one place.
    """
    places = np.stack([ilines, xlines])
    if np.unique(places, axis=1).shape[1] < len(ilines):
        return None
    for kind, numbers in (("inline", ilines), ("crossline", xlines)):
        runs, start = {}, 0
        for number, run in groupby(numbers.tolist()):
            stop = start + sum(1 for _ in run)
            if number in runs:
                break
            runs[number] = (start, stop)
            start = stop
        else:
            if len(runs) < len(numbers):
                return kind, runs
    return None
