"""What holds where nothing else is asked for; the command line shows it without importing more."""

from typing import Literal

CLIP = 99.0
"""Percentile of the absolute amplitudes that becomes white."""

OVERLAP = 0.5
"""Share of a window that its neighbour covers too."""

BATCH_SIZE = 32
"""Windows in a batch."""

ILINE, XLINE = 189, 193
"""First bytes of inline and crossline number in a SEG-Y trace header, counted from 1."""

SampleFormat = Literal["ibm", "ieee"]
"""Floats of four bytes in a SEG-Y file."""
