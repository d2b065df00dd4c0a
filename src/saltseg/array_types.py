"""Types of arrays that many modules share."""

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
"""Grey levels, 0 to 255, or masks (values: `tiles.masks`)."""
