"""Seismic amplitudes to the grey levels that networks know."""

import numpy as np
from numpy.typing import NDArray

from saltseg.array_types import Bytes
from saltseg.errors import DataError


def as_floats(amplitudes: NDArray[np.number]) -> NDArray[np.float64]:
    """Any numbers in double precision, without a word on those that are none."""
    with np.errstate(invalid="ignore"):
        return np.asarray(amplitudes, np.float64)


def clip_limit(amplitudes: NDArray[np.number], percentile: float = 99.0) -> float:
    """The amplitude that becomes white, and its negative black.

    Args:
        amplitudes: Any shape; those that are NaN or infinite are passed over.
        percentile: Of the absolute amplitudes, above 0, up to 100.

    Returns:
        Above 0, in the unit of the amplitudes: where the percentile is 0 the largest amplitude,
        and 1 where there is none.
    """
    # The absolute of the lowest integer is no integer of its kind.
    numbers = as_floats(amplitudes)
    finite = np.abs(numbers[np.isfinite(numbers)])
    if not finite.any():
        return 1.0
    return float(np.percentile(finite, percentile) or finite.max())


def grey_levels(
    amplitudes: NDArray[np.number],
    limit: float | NDArray[np.floating] | None = None,
    where: str = "amplitudes",
) -> Bytes:
    """Scale amplitudes so that -limit becomes 0, zero the middle and limit 255.

    Args:
        amplitudes: Finite, any shape.
        limit: What lies beyond is clipped, above 0: one for all or one for each; None for
            `clip_limit` of these amplitudes.
        where: File and section for error messages.

    Returns:
        Grey levels of the same shape, uint8.

    Raises:
        DataError: Amplitudes are NaN or infinite; with the place of the first one.

    Example:
        >>> grey_levels(np.array([-2.0, 0.0, 1.0]), limit=2.0)
        array([  0, 128, 191], dtype=uint8)
    """
    _require_finite(amplitudes, where)
    most = clip_limit(amplitudes) if limit is None else limit
    scaled = np.clip(as_floats(amplitudes) / most, -1, 1)
    grey: Bytes = np.rint(127.5 * (scaled + 1)).astype(np.uint8)
    return grey


def _require_finite(amplitudes: NDArray[np.number], where: str) -> None:
    finite = np.isfinite(amplitudes)
    if not finite.all():
        place = tuple(int(index) for index in np.argwhere(~finite)[0])
        raise DataError(
            f"{where}: {np.count_nonzero(~finite)} amplitudes are NaN or infinite (the first at"
            f" {place}, counted from 0); expected finite numbers, so replace them, by 0 for"
            " instance, or name holes with --null inf"
        )
