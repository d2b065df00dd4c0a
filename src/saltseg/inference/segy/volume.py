"""SEG-Y files: sections of traces, and masks written with the headers of the file kept."""

import shutil
import sys
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saltseg.errors import DataError
from saltseg.inference.defaults import ILINE, XLINE, SampleFormat
from saltseg.inference.grey.tones import Showing
from saltseg.inference.segy.headers import TRACE_HEADER, find_layout
from saltseg.inference.segy.lines import Line, Lines, find_lines, single_line, why_none
from saltseg.inference.segy.samples import (
    IBM,
    IEEE,
    KINDS,
    SAMPLE_CODES,
    decode,
    encode,
    floats_meant,
    is_swapped,
    whole_numbers,
)
from saltseg.inference.volumes import Result, Volume, spread

SEGY_SUFFIXES = (".sgy", ".segy")
_SAMPLED = 256
_SHORT_FIELDS = {29, 31, 33, 35, 69, 71, *range(89, 181, 2)}
"""First bytes of the numbers of two bytes that every revision of the standard has."""


@dataclass(frozen=True)
class Geometry:
    """How the headers of a SEG-Y file are to be understood.

    Attributes:
        iline: First byte of the inline number, counted from 1.
        xline: First byte of the crossline number.
        line: Take the file as one 2-D line, traces in their order, whatever the headers say.
        format: What the samples are, `ibm` or `ieee` floats; None for what the header says, as far
            as they look like it.
    """

    iline: int = ILINE
    xline: int = XLINE
    line: bool = False
    format: SampleFormat | None = None

    def __post_init__(self) -> None:
        """Refuse bytes that begin nothing.

        Raises:
            DataError: No number of four bytes can begin there.
        """
        most = TRACE_HEADER - 3
        for name, byte in (("iline", self.iline), ("xline", self.xline)):
            if not 1 <= byte <= most:
                raise DataError(
                    f"--{name} {byte}: no number of four bytes of a trace header begins at this"
                    f" byte; expected 1 to {most}, usual are {ILINE} and {XLINE}, or 9 and 21"
                )


class SegyVolume(Volume):
    """A file of traces, as one section for each inline (or crossline); see `Volume`."""

    def __init__(
        self, path: Path, clip: float, geometry: Geometry, showing: Showing | None = None
    ) -> None:
        """Read the geometry of a file; oddities are reported on stderr.

        Args:
            path: The file.
            clip: As in `Volume`.
            geometry: How its headers are to be understood.
            showing: As in `Volume`.

        Raises:
            DataError: It is no SEG-Y file, or has no geometry.
        """
        super().__init__(path, clip, showing)
        forced = SAMPLE_CODES[geometry.format] if geometry.format else None
        self._layout = find_layout(path, forced)
        if self._layout.rest:
            self._warn(
                f"{self._layout.rest} bytes behind the last whole trace are passed over; if the"
                " file was cut off, copy it again"
            )
        self._lines = {line.name: line for line in self._find(geometry)}
        self._code, self._swapped = self._meaning(forced)

    @property
    def ids(self) -> list[str]:
        """`NAME` of a line, else `NAME/inline-NUMBER` or `NAME/crossline-NUMBER`.

        Of a section with gaps, each part has the range of its other numbers behind that.
        """
        return list(self._lines)

    def samples(self, id_: str) -> NDArray[Any]:
        """A section, (samples, traces), of the kind that it has in the file."""
        return self._decoded(self._samples(self._lines[id_].traces)).T

    def write(self, result: Result, target: Path, binary: bool) -> None:
        """Write a copy of the file with the prediction in place of amplitudes.

        Samples are what the header says, whatever those of the file are; traces in no section are
        0. Where samples are integers, probabilities become whole per cent.
        """
        shutil.copyfile(self.path, target)
        with target.open("r+b") as file:

            def put(traces: NDArray[np.int64], samples: NDArray[Any]) -> None:
                first, stop = int(traces.min()), int(traces.max()) + 1
                block = self._layout.read(first, stop)
                block["samples"][traces - first] = samples
                file.seek(self._layout.place(first))
                file.write(block.tobytes())

            left = np.ones(self._layout.traces, bool)
            for id_, line in self._lines.items():
                traces = line.traces[line.own]
                left[traces] = False
                put(traces, encode(result(id_).T[line.own], self._layout.code, binary))
            for trace in np.flatnonzero(left)[:, None]:
                put(trace, np.zeros((), np.uint8))

    def _find(self, geometry: Geometry) -> tuple[Line, ...]:
        name = self.path.stem
        if geometry.line:
            return (single_line(name, self._layout.traces),)
        bytes_ = (geometry.iline, geometry.xline)
        raw = self._layout.numbers([(b, 2 if b in _SHORT_FIELDS else 4) for b in bytes_])
        numbers = [whole_numbers(number) for number in raw]
        found = find_lines(*numbers)
        if found is None:
            raise DataError(
                f"{self.path}: no geometry: inline and crossline numbers (bytes {geometry.iline}"
                f" and {geometry.xline} of the trace headers) {why_none(*numbers)}; expected each"
                " place once, in order; sort the traces, say where the numbers are with --iline and"
                " --xline, or --line for a single 2-D line"
            )
        self._tell(found)
        return tuple(replace(line, name=f"{name}/{line.name}") for line in found.lines)

    def _tell(self, found: Lines) -> None:
        if found.dead:
            self._warn(
                f"{found.dead} traces with inline and crossline 0 are in no section; their mask"
                " is 0"
            )
        if found.gaps:
            self._warn(
                f"{found.gaps} gaps in inlines or crosslines; what is on both sides of one is"
                " predicted as sections of their own"
            )
        if found.bridged:
            self._warn(
                f"{found.bridged} narrow gaps in inlines or crosslines; for the missing traces"
                " their neighbours are taken"
            )

    def _meaning(self, forced: int | None) -> tuple[int, bool]:
        """What samples are, and whether their bytes are in another order than the headers'."""
        code = forced or self._layout.code
        if code not in (IBM, IEEE):
            return code, False
        words = self._sample.view(f"{self._layout.order}u4").astype(np.uint32)
        if swapped := is_swapped(words):
            words = words.byteswap()
            self._warn("the bytes of samples are in another order than those of headers; read so")
        if forced:
            return forced, swapped
        meant = floats_meant(words, code)
        if meant != code:
            names = {number: name for name, number in SAMPLE_CODES.items()}
            self._warn(
                f"sample code {code} ({names[code]} floats) is wrong: the samples are"
                f" {names[meant]} floats, and read so; --format {names[code]} believes the header"
            )
        return meant, swapped

    def _decoded(self, samples: NDArray[Any]) -> NDArray[Any]:
        """Numbers of samples as they are in the file."""
        if self._swapped:
            samples = samples.byteswap()
        if self._code != self._layout.code:
            samples = samples.view(f"{self._layout.order}{KINDS[self._code]}")
        return decode(samples, self._code)

    def _samples(self, traces: NDArray[np.int64]) -> NDArray[Any]:
        """Samples as they are in the file, (traces, samples)."""
        first = int(traces.min())
        return self._layout.read(first, int(traces.max()) + 1)["samples"][traces - first]

    def _warn(self, text: str) -> None:
        print(f"warning: {self.path}: {text}", file=sys.stderr)

    @cached_property
    def _sample(self) -> NDArray[Any]:
        """Samples of some traces, spread evenly over the sections."""
        traces = np.concatenate([line.traces[line.own] for line in self._lines.values()])
        chosen = traces[spread(len(traces), _SAMPLED)]
        samples = self._layout.record["samples"].base
        return np.concatenate([self._samples(trace) for trace in chosen[:, None]], dtype=samples)

    def some(self) -> NDArray[Any]:
        """Some traces from all over the sections."""
        return self._decoded(self._sample)
