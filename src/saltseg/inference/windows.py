"""Overlapping windows that cover a section, and their predictions blended into one picture."""

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


class Canvas:
    """A picture of any size, predicted window by window.

    Weights fall from the middle of a window to its border, where a network sees least around it,
    and add up to one in every pixel. What fits into one window is one window, with weight one.

    Attributes:
        windows: Rows and columns of each window, in the order in which they are to be predicted.
    """

    def __init__(self, size: tuple[int, int], window: tuple[int, int], overlap: float) -> None:
        """Lay windows over a picture.

        Args:
            size: Height and width of the picture, pixels.
            window: Most rows and columns of a window.
            overlap: Share of a window that its neighbour covers too, 0 to below 1.
        """
        rows, columns = (
            _blended(length, most, overlap) for length, most in zip(size, window, strict=True)
        )
        self.windows = [(row, column) for row, _ in rows for column, _ in columns]
        self._weights = [(high[:, None], wide) for _, high in rows for _, wide in columns]
        self._sum = np.zeros(size, np.float32)
        self._waiting = len(self.windows)

    def add(self, number: int, probabilities: Floats) -> bool:
        """Put down the prediction of window `number`; returns whether it was the last one.

        Args:
            number: Index into `windows`; each one once.
            probabilities: Of the window's size.
        """
        high, wide = self._weights[number]
        self._sum[self.windows[number]] += high * wide * probabilities
        self._waiting -= 1
        return not self._waiting

    @property
    def probabilities(self) -> Floats:
        """The picture, (H, W) float32, 0 to 1, once all windows are there."""
        return np.clip(self._sum, 0, 1)


@lru_cache
def _blended(length: int, most: int, overlap: float) -> list[tuple[slice, Floats]]:
    """Windows along one axis, each with the weight of its pixels."""
    window = min(length, most)
    step = max(1, round(window * (1 - overlap)))
    count = -(-(length - window) // step) + 1
    starts = np.rint(np.linspace(0, length - window, count)).astype(int).tolist()
    taper = np.sin(np.pi * (np.arange(window) + 0.5) / window) ** 2
    total = np.zeros(length)
    for start in starts:
        total[start : start + window] += taper
    places = [slice(start, start + window) for start in starts]
    return [(place, (taper / total[place]).astype(np.float32)) for place in places]
