"""Samples of SEG-Y files: as numbers and back, and what they are where the header is wrong."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import spearmanr

IBM, IEEE = 1, 5
SAMPLE_CODES = {"ibm": IBM, "ieee": IEEE}
KINDS = {
    IBM: "u4",
    2: "i4",
    3: "i2",
    IEEE: "f4",
    6: "f8",
    8: "i1",
    9: "i8",
    10: "u4",
    11: "u2",
    12: "u8",
    16: "u1",
}
"""NumPy's kind of each sample code that is read; SEG-Y revision 2.1, bytes 3225-3226."""

PER_CENT = 100
_FEW = 20
Words = NDArray[np.uint32]


def decode(samples: NDArray[Any], code: int) -> NDArray[Any]:
    """Numbers of samples.

    Args:
        samples: Any shape, in any byte order; IBM floats as unsigned integers of four bytes.
        code: What they are, a key of `KINDS`.

    Returns:
        The same shape, in the byte order of this machine; IBM floats as float32, infinite where
        they are beyond its range.
    """
    if code != IBM:
        return samples.astype(samples.dtype.newbyteorder("="))
    with np.errstate(over="ignore"):
        return _numbers(samples.astype(np.uint32), IBM).astype(np.float32)


def encode(predicted: NDArray[Any], code: int, binary: bool) -> NDArray[Any]:
    """Samples of masks or probabilities, the latter in whole per cent where they are integers.

    Args:
        predicted: 0 to 1, any shape.
        code: What the samples are to be.
        binary: Whether it is a mask.

    Returns:
        The same shape, in the byte order of this machine.
    """
    kind = np.dtype(KINDS[code])
    if code != IBM:
        percent = kind.kind in "iu" and not binary
        return (np.rint(PER_CENT * predicted) if percent else predicted).astype(kind)
    fraction, exponent = np.frexp(np.asarray(predicted, np.float32))
    digits = -(-exponent // 4)
    words = (digits + 64 << 24) + np.rint(np.ldexp(fraction, exponent - 4 * digits + 24))
    return np.where(fraction > 0, words, 0).astype(kind)


def whole_numbers(integers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Numbers of four bytes in headers, which some programs write as floats."""
    nonzero = integers[integers != 0]
    if not len(nonzero) or np.abs(nonzero).min() < 2**24:
        return integers
    found = [_numbers(integers.astype(np.uint32), code) for code in (IEEE, IBM)]
    whole = [one for one in found if np.abs(one).max() < 2**24 and not (one % 1).any()]
    # Read wrongly, they are larger and farther apart.
    return min(whole, key=lambda one: (np.ptp(one), one.max()), default=integers).astype(np.int64)


def is_swapped(words: Words) -> bool:
    """Whether the bytes of floats are in the other order.

    Sign and exponent of floats, their first byte, take few values; the end of a fraction, their
    last byte, takes all.

    Args:
        words: Traces, (traces, samples), in the byte order of the header.
    """
    different = np.unique(words)
    return len(np.unique(different >> 24)) > 128 and len(np.unique(different & 0xFF)) < 64


def floats_meant(words: Words, code: int) -> int:
    """What floats of four bytes are, whatever the header says.

    The first hexadecimal digit of an IBM float's fraction is not 0: programs that write them see
    to that. In the same bits IEEE floats have the end of the exponent and the beginning of the
    fraction, which are 0 in about every twelfth number. Whole numbers lie densest where they are
    read rightly. The header is believed unless many different numbers speak against it: spikes,
    null values, constants and zeros are few.

    Args:
        words: Traces, (traces, samples).
        code: What the header says, `IBM` or `IEEE`.

    Returns:
        The code that fits.
    """
    different = np.unique(words & 0x7FFFFFFF)
    different = different[different & 0xFFFFFF > 0]
    other = IEEE if code == IBM else IBM
    wrong = _are_ieee(words, different) if code == IBM else _are_ibm(different)
    denser = _density(different, other) > 2 * _density(different, code)
    return other if wrong or denser else code


def _are_ieee(words: Words, different: Words) -> bool:
    """Whether what are called IBM floats are IEEE ones, for sure."""
    zero = np.count_nonzero(_digit(different) == 0)
    if zero < _FEW or zero < 0.02 * len(different):
        return False
    # Some writers leave zeros at the front of IBM floats. Then neighbours are alike as IBM floats.
    ibm, ieee = _likeness(words, IBM), _likeness(words, IEEE)
    low, high = np.percentile(_numbers(different, IEEE), [5, 95])
    return bool(1 - ibm > 1.2 * (1 - ieee) or (ieee > ibm - 0.005 and high > 6 * low))


def _are_ibm(different: Words) -> bool:
    """Whether what are called IEEE floats are IBM ones, for sure.

    They step over the numbers that would begin with 0, with many on both sides of them.
    """
    pairs, digits = different >> 24, _digit(different)
    counts = [np.bincount(pairs[digits == digit], minlength=129) for digit in (15, 0, 1)]
    below, zero, above = counts[0][:-1], counts[1][1:].sum(), counts[2][1:]
    expected = np.minimum(below, above).sum()
    return bool(expected >= _FEW and zero < 0.01 * expected)


def _digit(words: Words) -> Words:
    return ((words >> 20) & 0xF).astype(np.uint32)


def _numbers(words: Words, code: int) -> NDArray[np.float64]:
    if code == IEEE:
        return words.view(np.float32).astype(np.float64)
    # Not by segyio, which takes a fraction for larger where its first digit is 0.
    exponent = ((words >> 24) & 0x7F).astype(np.int32)
    numbers = np.ldexp((words & 0xFFFFFF).astype(np.float64), 4 * (exponent - 64) - 24)
    return np.where(words >> 31, -numbers, numbers)


def _density(words: Words, code: int) -> float:
    """Different numbers per unit where they are whole; 0 where some are not."""
    numbers = _numbers(words, code)
    # Large floats are whole in any case.
    numbers = numbers[numbers < 2**20]
    if len(numbers) < max(_FEW, 0.99 * len(words)) or (numbers % 1).any():
        return 0.0
    return len(numbers) / float(np.ptp(numbers) + 1)


def _likeness(words: Words, code: int) -> float:
    """Correlation of the ranks of neighbours along a trace, zeros left out; 0 without any."""
    numbers, is_kept = _numbers(words, code), (words[:, :-1] > 0) & (words[:, 1:] > 0)
    pairs = np.stack([numbers[:, :-1], numbers[:, 1:]])[:, is_kept]
    return float(np.nan_to_num(spearmanr(*pairs).statistic)) if pairs.shape[1] > 1 else 0.0
