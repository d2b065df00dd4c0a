"""The grey levels that one file's samples become: what is a hole, what is zero, what is white."""

import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from saltseg.array_types import Bytes
from saltseg.errors import DataError
from saltseg.inference.defaults import STRETCH, Kind, Stretch
from saltseg.inference.grey.amplitudes import as_floats, clip_limit, grey_levels
from saltseg.inference.grey.holes import Blank, Mask, Null, find_blank, holes
from saltseg.inference.grey.stretch import local_limits

_TOPS = (1.0, 255.0, 65535.0)
"""White, where black is zero."""
_ONE_SIDED = 0.02
"""Share of samples that may lie on the other side of zero than all others."""
_SKEW = 0.5
"""How far from zero the median of amplitudes may lie, in units of their spread."""
_NEAR, _FEW, _BOTH = 0.1, 0.02, 0.1
"""A share of the clip; of the amplitudes that are less; of those on one side of zero."""
_VARIED = 4
"""Values of which not even a drawing has fewer: of those the user is not asked what they are."""
_NAMED, _FLAT, _ABSURD, _CLIPPED = 1e-3, 0.01, 0.9, 0.4
"""Shares of samples that are worth a word: those that are null, that do not change, that become one
grey, that become black or white."""


class Shown(NamedTuple):
    """A section as a network may see it.

    Attributes:
        grey: Grey levels, (H, W) uint8.
        holes: (H, W), True where nothing was recorded; None where there is no such place.
    """

    grey: Bytes
    holes: Mask | None = None


@dataclass(frozen=True)
class Showing:
    """What is asked for besides the clip.

    Attributes:
        stretch: Over how much one clip is taken: the `file`, a `window` of two by two tiles around
            each pixel, or a tile's height of each `trace`.
        null: Values that stand for holes; None for those that are found.
        kind: What samples are; None for what they look like.
    """

    stretch: Stretch = STRETCH
    null: tuple[float, ...] | None = None
    kind: Kind | None = None

    def settings(self) -> dict[str, Any]:
        """For the journal of a prediction; NaN, which equals nothing, as text."""
        return asdict(self) | {"null": None if self.null is None else list(map(str, self.null))}


def null_values(texts: Sequence[str] | None) -> tuple[float, ...] | None:
    """What `--null` says: numbers, nan, inf; `none` for no value at all.

    Raises:
        DataError: Something else.
    """
    if not texts:
        return None
    try:
        return tuple(float(text) for text in texts if text.lower() != "none")
    except ValueError:
        raise DataError(
            f"--null {' '.join(texts)}: no number; expected one, such as -999.25, or nan, or none"
        ) from None


class Tones:
    """How the samples of one file become grey levels."""

    def __init__(self, sample: NDArray[Any], clip: float, showing: Showing, where: object) -> None:
        """Look at a part of a file; what is strange is reported in one line each.

        Args:
            sample: Samples from all over the file, any shape.
            clip: Percentile of absolute amplitudes at which they are clipped.
            showing: What is asked for.
            where: The file, for messages.

        Raises:
            DataError: They may be amplitudes or grey levels.
        """
        self._clip, self._stretch, self._where = clip, showing.stretch, where
        self._told: set[str] = set()
        self._blank = self._find_blank(sample, showing.null)
        empty = ~np.isfinite(sample)
        for null in self._blank.nulls:
            empty |= null.equals(sample)
        rest = as_floats(sample[~empty])
        self._zero, self._limit, self._is_grey = 0.0, 1.0, False
        if rest.size:
            self._scale(rest, sample.dtype, showing.kind)

    def show(self, section: NDArray[Any], tile: tuple[int, int] | None, where: str) -> Shown:
        """Grey levels of a section, the middle grey in its holes.

        Args:
            section: Samples, (H, W).
            tile: Height and width of a training tile, pixels; None for one clip for the file.
            where: File and section, for messages.

        Raises:
            DataError: Samples are infinite.
        """
        empty = holes(section, self._blank)
        amplitudes = np.where(empty, 0.0, as_floats(section) - self._zero)
        stretch = "file" if self._is_grey and tile and _fits(section.shape, tile) else self._stretch
        if not tile or stretch == "file" or not np.isfinite(amplitudes).all():
            grey = grey_levels(amplitudes, self._limit, where)
        else:
            known = np.where(empty, np.nan, amplitudes)
            # Which grey is zero is not known.
            middle = np.nanmedian(known) if self._is_grey and not empty.all() else 0.0
            grey = _stretched(known - middle, tile, self._clip, stretch)
        self._check(section, empty, grey, where)
        return Shown(grey, empty if empty.any() else None)

    def _check(self, section: NDArray[Any], empty: Mask, grey: Bytes, where: str) -> None:
        """Say once of the file what looks wrong in a section."""
        shares = np.bincount(grey[~empty], minlength=256) / max(1, int((~empty).sum()))
        if (share := float(np.isnan(section).mean())) > 0:
            self._tell("nan", f"{where}: {share:.1%} are NaN, taken for holes")
        flat = empty & ~np.isnan(section)
        for null in self._blank.nulls:
            flat &= ~null.equals(section)
        if (share := float(flat.mean())) > _FLAT:
            self._tell(
                "flat",
                f"{where}: in {share:.1%} traces do not change, taken for holes; --null none if"
                " they are none",
            )
        # Zero lies between two levels.
        if (share := float((shares[1:] + shares[:-1]).max())) > _ABSURD:
            self._tell(
                "clip",
                f"{where}: {share:.0%} become one grey; where spikes or holes are louder than the"
                " rest, lower --clip, or name their value with --null",
            )
        if (share := float(shares[0] + shares[255])) > _CLIPPED:
            self._tell(
                "black",
                f"{where}: {share:.0%} become black or white; expected few, as where amplitudes"
                " were not cut off before",
            )

    def _find_blank(self, sample: NDArray[Any], nulls: tuple[float, ...] | None) -> Blank:
        if nulls is not None:
            return Blank(dict.fromkeys(map(Null, nulls), 0.0))
        found = (
            Blank({}) if sample.dtype == np.uint8 and np.ptp(sample) == 0 else find_blank(sample)
        )
        named = [
            f"{null.value + 0:.7g} ({share:.1%})"
            for null, share in found.nulls.items()
            if share > _NAMED
        ]
        if named:
            self._tell(
                "null",
                f"{self._where}: {', '.join(named)} taken for holes, in which no salt is found;"
                " --null names other values, or none",
            )
        return found

    def _scale(self, rest: NDArray[np.float64], dtype: np.dtype[Any], kind: Kind | None) -> None:
        """Find what is shown as middle grey, and how far from it black and white are."""
        low, quiet, middle, loud, high = np.percentile(rest, [0, 16, 50, 84, 100]).tolist()
        below = float(np.mean(rest < 0)) / max(float(np.mean(rest != 0)), _NAMED)
        one_sided = not _ONE_SIDED < below < 1 - _ONE_SIDED
        top = next((top for top in _TOPS if low >= 0 and top / 2 < high <= top), None)
        if kind is None and dtype == np.uint8:
            kind, top = "grey", _TOPS[1]
        elif kind is None and one_sided and np.unique(rest[:1000]).size >= _VARIED:
            if not top or not 0.25 < middle / top < 0.75:
                raise DataError(
                    f"{self._where}: all samples are on one side of zero ({low:.6g} to {high:.6g},"
                    f" median {middle:.6g}): grey levels, or amplitudes with an offset? Say --grey"
                    " (the lowest becomes black, the highest white) or --amplitudes (the median is"
                    " their zero)"
                )
            kind = "grey"
            self._tell("grey", f"{self._where}: taken for grey levels from 0 to {top:g}")
        self._is_grey = kind == "grey"
        if self._is_grey:
            dark, white = (0.0, top) if top else (low, high)
            self._zero, self._limit = (dark + white) / 2, (white - dark) / 2 or 1.0
            return
        if one_sided or abs(middle) > _SKEW * (loud - quiet) / 2:
            self._zero = middle
        near = float(np.mean(np.abs(rest) < _NEAR * clip_limit(rest, self._clip)))
        if near < _FEW and _BOTH < below < 1 - _BOTH:
            self._tell(
                "far",
                f"{self._where}: samples on both sides of zero and hardly any near it; expected"
                " most there: were numbers without a sign read as if they had one?",
            )
        elif self._zero:
            self._tell("zero", f"{self._where}: amplitudes around {middle:.6g}, taken for zero")
        self._limit = clip_limit(rest - self._zero, self._clip)

    def _tell(self, what: str, text: str) -> None:
        """Say something once of each file."""
        if what not in self._told:
            self._told.add(what)
            print(f"warning: {text}", file=sys.stderr)


def show_picture(grey: Bytes, tile: tuple[int, int], clip: float, stretch: Stretch) -> Shown:
    """A picture of grey levels: as it is, unless it is a section, which is larger than a tile.

    Args:
        grey: Grey levels, (H, W) uint8.
        tile: Height and width of a training tile, pixels.
        clip: Percentile at which what differs from the median is clipped.
        stretch: As in `Showing`.
    """
    if stretch == "file" or _fits(grey.shape, tile):
        return Shown(grey)
    return Shown(_stretched(grey - np.median(grey), tile, clip, stretch))


def _fits(shape: tuple[int, ...], tile: tuple[int, int]) -> bool:
    return shape[0] <= tile[0] and shape[1] <= tile[1]


def _stretched(
    amplitudes: NDArray[np.floating], tile: tuple[int, int], clip: float, stretch: Stretch
) -> Bytes:
    """Amplitudes, NaN in holes, to grey levels with limits of their own places."""
    limits = local_limits(stretch, amplitudes, tile, clip)
    return grey_levels(np.nan_to_num(amplitudes), limits)
