"""SEG-Y files: sections of traces, and masks written with the headers of the file kept."""

import shutil
import warnings
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
from saltseg.inference.defaults import ILINE, XLINE
from saltseg.inference.volumes import Result, spread
from saltseg.tiles.amplitudes import clip_limit, grey_levels
from saltseg.tiles.survey import Bytes

SEGY_SUFFIXES = (".sgy", ".segy")
PER_CENT = 100
_SAMPLED = 256
_FIELDS = set(segyio.tracefield.keys.values())


@dataclass(frozen=True)
class Geometry:
    """Where the headers of traces keep their place.

    Attributes:
        iline: First byte of the inline number, counted from 1.
        xline: First byte of the crossline number.
        line: Take the file as one 2-D line, traces in their order, whatever the headers say.
    """

    iline: int = ILINE
    xline: int = XLINE
    line: bool = False

    def __post_init__(self) -> None:
        """Refuse bytes that begin nothing.

        Raises:
            DataError: No field of a trace header begins there.
        """
        for name, byte in (("iline", self.iline), ("xline", self.xline)):
            if byte not in _FIELDS:
                raise DataError(
                    f"--{name} {byte}: no field of a SEG-Y trace header begins at this byte;"
                    f" usual are {ILINE} and {XLINE}, or 9 and 21"
                )


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
                " headers hold no inline and crossline numbers in order, each place once; sort the"
                " traces, say where they are with --iline and --xline, or --line for a single 2-D"
                " line"
            )
        kind, runs = found
        self._traces = {f"{path.stem}/{kind}-{number}": run for number, run in runs.items()}

    @property
    def ids(self) -> list[str]:
        """`NAME` of a line, else `NAME/inline-NUMBER` or `NAME/crossline-NUMBER`."""
        return list(self._traces)

    def read(self, id_: str) -> Bytes:
        """Grey levels of a section, (samples, traces) uint8; a lone trace comes twice."""
        start, stop = self._traces[id_]
        with self._open() as file:
            amplitudes = np.array(file.trace.raw[start:stop]).T
        grey = grey_levels(amplitudes, self._limit, f"{self.path}: section {id_} (sample, trace)")
        # At the edges of a survey: no network sees anything in one column.
        return grey.repeat(2 if stop - start == 1 else 1, axis=1)

    def write(self, result: Result, target: Path, binary: bool) -> None:
        """Write a copy of the file with the prediction in place of amplitudes.

        Where samples are integers, probabilities become whole per cent.
        """
        shutil.copyfile(self.path, target)
        with self._open(target, "r+") as file:
            dtype = np.dtype(file.dtype)
            for id_, (start, stop) in self._traces.items():
                found = result(id_).T[: stop - start]
                if dtype.kind in "iu" and not binary:
                    found = np.rint(PER_CENT * found)
                for trace, values in zip(range(start, stop), found, strict=True):
                    file.trace[trace] = np.ascontiguousarray(values, dtype)

    @contextmanager
    def _open(self, path: Path | None = None, mode: str = "r") -> Iterator[segyio.SegyFile]:
        try:
            with segyio.open(
                path or self.path, mode, ignore_geometry=True, endian=self._endian
            ) as file:
                yield file
        except DataError:
            raise
        except Exception as error:  # segyio raises several kinds, some of them bare
            if isinstance(error, OSError) and error.errno is not None:
                raise  # the disk, not the file
            raise DataError(self._unreadable(error)) from None

    @cached_property
    def _endian(self) -> str:
        """Big by the standard; some programs write little."""
        refused = None
        for endian in ("big", "little"):
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")  # of sample formats that it would guess
                    segyio.open(self.path, ignore_geometry=True, endian=endian).close()
            except Exception as error:  # as above
                refused = refused or error
            else:
                return endian
        raise DataError(self._unreadable(refused))

    def _unreadable(self, error: Exception | None) -> str:
        reason = " ".join(str(error).split())[:200]
        return (
            f"{self.path}: no readable SEG-Y file ({reason}); expected traces of one length, so"
            " copy it again"
        )

    @cached_property
    def _limit(self) -> float:
        with self._open() as file:
            numbers = spread(file.tracecount, _SAMPLED).tolist()
            sample = np.stack([file.trace.raw[number] for number in numbers])
        return clip_limit(sample, self._clip)


def _sections(
    ilines: NDArray[np.int64], xlines: NDArray[np.int64]
) -> tuple[str, dict[int, tuple[int, int]]] | None:
    """Runs of traces with one inline number, or else one crossline number; the other in order.

    Returns:
        What the numbers are, and first and last trace plus one by number; None where there is no
        such order. Runs may change direction, as ships do.
    """
    for kind, numbers, others in (("inline", ilines, xlines), ("crossline", xlines, ilines)):
        runs, start = {}, 0
        for number, run in groupby(numbers.tolist()):
            stop = start + sum(1 for _ in run)
            steps = np.diff(others[start:stop])
            if number in runs or not ((steps > 0).all() or (steps < 0).all()):
                break
            runs[number] = (start, stop)
            start = stop
        else:
            if len(runs) < len(numbers):
                return kind, runs
    return None
