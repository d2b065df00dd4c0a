"""Back to the tile's native size, where scores are taken."""

import cv2
import numpy as np
from numpy.typing import NDArray


def resize_back(probabilities: NDArray[np.float32], height: int, width: int) -> NDArray[np.float16]:
    """Bring predictions back to the tile's native size.

    Args:
        probabilities: (N, S, S) float32, 0 to 1.
        height: Native height H, pixels.
        width: Native width W, pixels.

    Returns:
        (N, H, W) float16, 0 to 1, bilinear.
    """
    native = np.empty((len(probabilities), height, width), np.float16)
    for index, tile in enumerate(probabilities):
        native[index] = cv2.resize(tile, (width, height), interpolation=cv2.INTER_LINEAR)
    return native
