"""What a report shows of a tile on which networks disagree."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class DisputedTile:
    """A tile on which contestants disagree, as the report shows it.

    Attributes:
        tile: Its id.
        fold: The fold that held it out.
        image: (H, W) uint8.
        mask: (H, W) uint8, values as in `tiles.masks`.
        probabilities: One (H, W) uint8 per contestant, 255 = certainly salt.
    """

    tile: str
    fold: int
    image: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    probabilities: tuple[NDArray[np.uint8], ...]
