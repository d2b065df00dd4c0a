"""The model that MLflow loads and serves: kept as this code, so that nothing is pickled."""

from pathlib import Path
from typing import Any

import numpy as np
from mlflow.models import set_model
from mlflow.pyfunc import PythonModel, PythonModelContext
from numpy.typing import NDArray


class ServedModel(PythonModel):
    """Tiles to probabilities and masks; see `registry` for the signature."""

    def load_context(self, context: PythonModelContext) -> None:
        """Load the networks of all folds."""
        from saltseg.inference.files import load_models

        self._model = load_models(Path(context.artifacts["model"]))

    def predict(
        self,
        context: PythonModelContext,
        # Any other type hint would be taken for its schema.
        model_input: np.ndarray,
        params: dict[str, Any] | None = None,
    ) -> dict[str, NDArray[Any]]:
        """Predict tiles.

        Args:
            context: Not needed.
            model_input: Grey levels, (N, H, W) uint8; where the networks need the seismic depth,
                `{"tile": grey levels, "z": (N,)}`.
            params: None are known.

        Returns:
            `probability`, (N, H, W) float32, and `mask`, (N, H, W) uint8, 1 = salt.
        """
        named = isinstance(model_input, dict)
        tiles, z = (model_input["tile"], model_input["z"]) if named else (model_input, None)
        found = self._model.predict(np.asarray(tiles), z)
        return {"probability": found, "mask": self._model.mask(found)}


set_model(ServedModel())
