"""What holds where nothing else is asked for; the command line shows it without importing more."""

from typing import Literal

CLIP = 99.0
"""Percentile of the absolute amplitudes that becomes white."""

Stretch = Literal["file", "window", "trace"]
Kind = Literal["amplitudes", "grey"]
KINDS: dict[bool | None, Kind | None] = {None: None, True: "amplitudes", False: "grey"}
"""By what `--amplitudes/--grey` says."""

STRETCH: Stretch = "window"
"""Over how much of a section one clip is taken."""

AXES = "inline,depth,crossline"
"""Of arrays: a section for each inline, samples down, traces side by side."""

OVERLAP = 0.5
"""Share of a window that its neighbour covers too."""

BATCH_SIZE = 32
"""Windows in a batch."""

ILINE, XLINE = 189, 193
"""First bytes of inline and crossline number in a SEG-Y trace header, counted from 1."""

SampleFormat = Literal["ibm", "ieee"]
"""Floats of four bytes in a SEG-Y file."""
