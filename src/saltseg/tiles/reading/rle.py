"""Run-length text of the TGS salt competition: `start length` pairs down the columns, from 1."""

import numpy as np
from numpy.typing import NDArray

from saltseg.array_types import Bytes
from saltseg.errors import DataError


def encode(mask: Bytes) -> str:
    """Write a mask as run-length text.

    Args:
        mask: (H, W) uint8, 0 = not salt, anything else = salt.

    Returns:
        Pairs `start length` separated by blanks. Pixels count from 1, down the first column, then
        down the second, and so on. The empty string where there is no salt.
    """
    salt = (mask != 0).ravel(order="F").astype(np.int8)
    steps = np.diff(salt, prepend=0, append=0)
    starts = np.flatnonzero(steps == 1) + 1
    lengths = np.flatnonzero(steps == -1) + 1 - starts
    return " ".join(map(str, np.column_stack([starts, lengths]).ravel()))


def decode(text: str, height: int, width: int, where: str) -> Bytes:
    """Read a mask from run-length text.

    Args:
        text: As returned by `encode`.
        height: Rows of the tile.
        width: Columns of the tile.
        where: File and tile for error messages, for instance `train.csv: tile 0ab1`.

    Returns:
        (H, W) uint8, 1 = salt, 0 = not salt.

    Raises:
        DataError: An odd count, a number that is no integer, a start or length below 1, or runs
            that overlap, go backwards or leave the tile.
    """
    starts, lengths = _runs(text, height * width, where)
    _check_runs(starts, lengths, height * width, where)
    # Runs in order never share a first or a last pixel, so plain indexing counts each one once.
    steps = np.zeros(height * width + 1, dtype=np.int8)
    steps[starts - 1] += 1
    steps[starts - 1 + lengths] -= 1
    flat = np.cumsum(steps[:-1], dtype=np.uint8)
    return np.ascontiguousarray(flat.reshape((height, width), order="F"))


def _runs(text: str, pixels: int, where: str) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Starts and lengths as written, not yet checked against the tile."""
    # No tile has more runs than pixels, and what follows would only fill the memory.
    words = text.split(maxsplit=2 * pixels)
    if len(words) > 2 * pixels:
        raise DataError(
            f"{where}: the run-length text holds more runs than the tile has pixels ({pixels});"
            " mend or remove this row"
        )
    if len(words) % 2:
        raise DataError(
            f"{where}: the run-length text holds {len(words)} numbers, an odd count; expected pairs"
            " `start length`, so mend or remove this row"
        )
    try:
        pairs = np.array([int(word) for word in words], dtype=np.int64).reshape(-1, 2)
    except (ValueError, OverflowError) as error:
        raise DataError(
            f"{where}: the run-length text holds something else than integers ({error}); expected"
            " pairs `start length`, so mend or remove this row"
        ) from None
    return pairs[:, 0], pairs[:, 1]


def _check_runs(
    starts: NDArray[np.int64], lengths: NDArray[np.int64], pixels: int, where: str
) -> None:
    """Raise `DataError` at the first run that no tile of `pixels` pixels can hold."""
    small = (starts < 1) | (lengths < 1)
    # Written as a difference: start + length may not fit 64 bits in a broken file.
    beyond = lengths > pixels - starts + 1
    overlaps = np.zeros_like(small)
    overlaps[1:] = starts[1:] < starts[:-1] + lengths[:-1]
    for wrong, why in (
        (small, "start and length count from 1"),
        (beyond, f"the tile ends at pixel {pixels}"),
        (overlaps, "runs stand in order and do not overlap"),
    ):
        if wrong.any():
            first = int(np.argmax(wrong))
            raise DataError(
                f"{where}: run {first + 1} of the run-length text, `{starts[first]}"
                f" {lengths[first]}`, is impossible: {why}; mend or remove this row"
            )
