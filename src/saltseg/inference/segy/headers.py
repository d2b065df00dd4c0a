"""Where the traces of a SEG-Y file are: what its headers say, as far as it fits the file."""

import struct
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import BinaryIO

import numpy as np

from saltseg.errors import DataError
from saltseg.inference.segy.layout import ORDERS, ByteOrder, Layout
from saltseg.inference.segy.samples import KINDS
from saltseg.inference.volumes import spread

TRACE_HEADER = 240
_FILE_HEADER, _STANZA, _LABEL = 3600, 3200, 128
_SAMPLES, _CODE, _MANY_SAMPLES = 3221, 3225, 3269
_STANZAS, _MORE_HEADERS, _FIRST_TRACE = 3505, 3507, 3521
_SAMPLES_OF_TRACE = 115
"""Bytes, counted from 1; SEG-Y revision 2.1."""

_CHECKED, _MOST_BEHIND = 64, 2**16
_TWO_BYTES = 2**16
_UNSURE = 3
_WIDTHS = (8, 3, 5, 6)
"""A sample code of each width."""
_MOST_STANZAS, _MOST_MORE = 20, 100
"""Extended text headers whose number is wrong; headers of one trace besides the usual."""


def find_layout(path: Path, code: int | None = None) -> Layout:
    """Find the traces of a file.

    Headers are often wrong. So what they say is tried, and what else they usually mean, and the
    layout is taken under which most makes sense: whole traces up to the end of the file, whose own
    headers name the same number of samples.

    Args:
        path: The file.
        code: Sample code of floats of four bytes, whatever the header says; None for what it says.

    Returns:
        The layout. Its code is what the header says, unless that is no code of four bytes.

    Raises:
        DataError: No traces of one length are found; the message says what is wrong.
    """
    with path.open("rb") as file:
        label = _LABEL if _is_label(file.read(_LABEL)) else 0
        file.seek(label)
        head = file.read(_FILE_HEADER)
        if len(head) < _FILE_HEADER:
            raise DataError(
                f"{path}: no SEG-Y file: it has {label + len(head)} bytes, and the headers of one"
                f" alone take {_FILE_HEADER}; copy it again"
            )
        named = [(order, n) for order in ORDERS if (n := _code(head, order, code))]
        if not named:
            raise DataError(_unknown(path, _number(head, _CODE, ">H")))

        def tried(order: ByteOrder, number: int) -> list[Layout]:
            return list(_candidates(path, file, head, label, order, number))

        found = [layout for one in named for layout in tried(*one)]
        fitting = [(fit, layout) for layout in found if (fit := _fit(file, layout))]
        fit, best = min(fitting, key=lambda one: one[0], default=(_UNSURE, None))
        if fit >= _UNSURE:
            for layout in (one for order, _ in named for n in _WIDTHS for one in tried(order, n)):
                if _fit(file, layout) == 1:
                    raise DataError(_other_width(path, named[0][1], layout.width))
        if best is None:
            raise DataError(f"{path}: {_misfit(file, found, path.stat().st_size)}")
        # What begins like a trace behind the last one is one that was cut off.
        if best.rest and _said(file, best.place(best.traces), best) == best.samples % _TWO_BYTES:
            raise DataError(
                f"{path}: no whole file: it ends within trace {best.traces + 1}; copy it again"
            )
    return best


def _candidates(
    path: Path, file: BinaryIO, head: bytes, label: int, order: ByteOrder, code: int
) -> Iterator[Layout]:
    """What the headers may mean, the most usual first."""
    size = path.stat().st_size
    usual = label + _FILE_HEADER
    stanzas = _number(head, _STANZAS, f"{order}h")
    end = _end_of_text(file, usual) if stanzas < 0 else usual + stanzas * _STANZA
    starts = [end, usual, _number(head, _FIRST_TRACE, f"{order}Q")]
    starts += [usual + count * _STANZA for count in range(_MOST_STANZAS if stanzas else 0)]
    # Four bytes in revision 2.0, two in 2.1.
    more = [_number(head, _MORE_HEADERS, order + kind) for kind in "IH"]
    headers = [TRACE_HEADER * (1 + min(count, _MOST_MORE)) for count in (0, *more)]
    named = [_number(head, _SAMPLES, f"{order}H"), _number(head, _MANY_SAMPLES, f"{order}I")]
    for start, header in product(dict.fromkeys(starts), dict.fromkeys(headers)):
        if not _FILE_HEADER <= start <= size - TRACE_HEADER:
            continue
        first = Layout(path, order, code, start, header, 0, 1, 0)
        lengths = [length for length in (*named, _said(file, start, first)) if length]
        # Of more samples than two bytes can name, some programs write the lower bytes.
        turns = [length + turn * _TWO_BYTES for turn in range(16) for length in lengths]
        for samples in dict.fromkeys(turns):
            record = header + samples * first.width
            if record < 2**31:  # as much as NumPy can hold
                traces, rest = divmod(size - start, record)
                layout = replace(first, samples=samples, traces=traces, rest=rest)
                yield _trimmed(file, layout) if rest and samples < _TWO_BYTES else layout


def _trimmed(file: BinaryIO, layout: Layout) -> Layout:
    """The layout without what follows the last trace that names its samples, if that is little."""
    record = layout.place(1) - layout.start
    for traces in range(layout.traces, max(0, layout.traces - _MOST_BEHIND // record), -1):
        if _said(file, layout.place(traces - 1), layout) == layout.samples:
            behind = (layout.traces - traces) * record + layout.rest
            return replace(layout, traces=traces, rest=behind)
    return layout


def _fit(file: BinaryIO, layout: Layout) -> int:
    """How well a layout fits the file: 1 is best, 0 not at all."""
    guessed = layout.samples >= _TWO_BYTES
    if layout.traces < (2 if layout.rest else 1) or (layout.rest and guessed):
        return 0
    said = [_said(file, layout.place(n), layout) for n in spread(layout.traces, _CHECKED).tolist()]
    stated = [number for number in said if number]
    same = sum(number == layout.samples % _TWO_BYTES for number in stated)
    if layout.rest:
        if same < len(stated) or _lengths(file, layout):
            return 0
        return 2 if same > len(said) / 2 else 4 * _is_padding(file, layout)
    if same > len(said) / 2:
        return 1
    # Some programs cut traces, and leave the number in their headers as it was.
    alike = len(set(stated)) <= 1 or not _lengths(file, layout)
    return 3 if alike and not guessed else 0


def _misfit(file: BinaryIO, tried: Sequence[Layout], size: int) -> str:
    """What is wrong with a file in which no traces were found."""
    if size < _FILE_HEADER + TRACE_HEADER:
        return "no traces follow the headers of the file; copy it again"
    if not tried:
        return (
            f"no number of samples: bytes {_SAMPLES} of the headers of the file and bytes"
            f" {_SAMPLES_OF_TRACE} of the header of the first trace are 0; write it there"
        )
    for layout in {(one.order, one.start, one.header): one for one in tried}.values():
        if lengths := _lengths(file, layout):
            return (
                f"no traces of one length: they have {min(lengths)} to {max(lengths)} samples; pad"
                " or cut them in the program that wrote the file"
            )
    first = tried[0]
    record = first.place(1) - first.start
    if not first.traces:
        return (
            f"no whole trace: {first.rest} bytes follow the headers of the file, and a trace of"
            f" {first.samples} samples takes {record}; copy it again"
        )
    return (
        f"no traces of one length: with {first.samples} samples (bytes {_SAMPLES}) of sample code"
        f" {first.code} (bytes {_CODE}) a trace takes {record} bytes, and {first.rest} bytes are"
        f" left over, or the headers of traces say otherwise (bytes {_SAMPLES_OF_TRACE}); correct"
        " these bytes, or copy the file again"
    )


def _lengths(file: BinaryIO, layout: Layout) -> set[int]:
    """Several numbers of samples, if traces as long as their headers say fill the file."""
    place, size, lengths = layout.start, layout.path.stat().st_size, set[int]()
    while place < size:
        samples = _said(file, place, layout)
        if not samples:
            return set()
        lengths.add(samples)
        place += layout.header + samples * layout.width
    return lengths if place == size and len(lengths) > 1 else set()


def _is_padding(file: BinaryIO, layout: Layout) -> bool:
    """Whether one and the same byte is all that follows the traces."""
    file.seek(layout.place(layout.traces))
    return len(set(file.read(layout.rest))) == 1


def _code(head: bytes, order: str, forced: int | None) -> int | None:
    """The sample code as the header says, where it is known and as wide as the forced one."""
    named = _number(head, _CODE, f"{order}H")
    if forced is None:
        return named if named in KINDS else None
    same = named in KINDS and np.dtype(KINDS[named]).itemsize == np.dtype(KINDS[forced]).itemsize
    return named if same else forced


def _other_width(path: Path, code: int, width: int) -> str:
    hint = ", or say --format ibm or --format ieee" if width == 4 else ""
    return (
        f"{path}: its sample code (bytes {_CODE}) is {code}, {np.dtype(KINDS[code]).itemsize} bytes"
        f" a sample, but its samples take {width}; write the right code there{hint}"
    )


def _unknown(path: Path, code: int) -> str:
    return (
        f"{path}: no SEG-Y file that can be read: its sample code (bytes {_CODE}) is {code};"
        f" expected one of {', '.join(map(str, KINDS))}; where the samples are floats of four"
        " bytes, say --format ibm or --format ieee"
    )


def _is_label(data: bytes) -> bool:
    """Whether a file begins with the label of a tape."""
    return data[4:7] == b"SY1" and data[9:15] == b"RECORD"


def _end_of_text(file: BinaryIO, start: int) -> int:
    """Where extended text headers end whose number is not given; 0 where they do not."""
    file.seek(start)
    while len(block := file.read(_STANZA)) == _STANZA:
        texts = (block.decode(encoding, "replace") for encoding in ("ascii", "cp037"))
        if any("((seg:endtext))" in text.replace(" ", "").lower() for text in texts):
            return file.tell()
    return 0


def _said(file: BinaryIO, place: int, layout: Layout) -> int:
    """Samples of the trace that begins there, as its header says; 0 where it does not."""
    file.seek(place + _SAMPLES_OF_TRACE - 1)
    data = file.read(2)
    return _number(data, 1, f"{layout.order}H") if len(data) == 2 else 0


def _number(data: bytes, byte: int, kind: str) -> int:
    """The number that begins at a byte, counted from 1; `kind` as for `struct`."""
    return int(struct.unpack_from(kind, data, byte - 1)[0])
