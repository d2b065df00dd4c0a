"""The tiles as they come: their size, where scores are taken, and the range of their depths."""

from pathlib import Path
from typing import Annotated

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from saltseg.errors import DataError
from saltseg.params import Preprocess
from saltseg.settings import Strict, read_settings
from saltseg.tiles.inputs.fitting import fit_back

Side = Annotated[int, Field(ge=1, le=2**16)]


class Native(Strict):
    """What the tiles of a survey were before they became network input.

    Attributes:
        height: Pixels.
        width: Pixels.
        depths: Seismic depth z of the shallowest and of the deepest tile; None where no channel
            needs it.
    """

    height: Side
    width: Side
    depths: tuple[float, float] | None = None

    @classmethod
    def read(cls, path: Path) -> "Native":
        """Read what `preprocess` wrote.

        Raises:
            DataError: The file is missing or holds something else.
        """
        return read_settings(path, cls, DataError, "; run `dvc repro`")

    def relative(self, z: NDArray[np.float64]) -> NDArray[np.float64]:
        """Seismic depths between the shallowest tile (0) and the deepest (1), limited to these.

        Args:
            z: (N,); it is not looked at where no channel needs it.

        Returns:
            (N,) float64; zeros where no channel needs it, or all tiles lie equally deep.
        """
        if self.depths is None:
            return np.zeros(len(z))
        low, high = self.depths
        # Whatever their unit: of kilometres a whole survey may span less than one.
        return np.clip((z - low) / ((high - low) or 1.0), 0, 1)

    def fit_all_back(
        self, probabilities: NDArray[np.float32], options: Preprocess
    ) -> NDArray[np.float16]:
        """Bring predictions, (N, S, S) float32, to native size, (N, H, W) float16."""
        native = np.empty((len(probabilities), self.height, self.width), np.float16)
        for index, tile in enumerate(probabilities):
            native[index] = fit_back(tile, self.height, self.width, options)
        return native
