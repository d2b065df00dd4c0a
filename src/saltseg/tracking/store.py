"""Where MLflow keeps its runs, and how several processes open it at once."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from filelock import FileLock
from mlflow import MlflowClient

# Opens the experiment on its runs and charts; the UI would else guess, and show traces of agents.
_MODEL_TRAINING = {"mlflow.experimentKind": "custom_model_development"}


def project_root() -> Path:
    """The DVC repository's root; in a throw-away copy of an experiment, that of the original."""
    if root := os.environ.get("DVC_ROOT"):
        return Path(root)
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".dvc").is_dir()), here)


def tracking_uri(root: Path) -> str:
    """MLFLOW_TRACKING_URI, else a database at the root, where plain `mlflow ui` looks too."""
    return os.environ.get("MLFLOW_TRACKING_URI") or f"sqlite:///{root / 'mlflow.db'}"


def open_store(experiment: str) -> tuple[MlflowClient, str]:
    """Open the store, creating database and experiment where missing.

    The artifact folder is given explicitly and absolute: MLflow would else put it below the
    current folder, which for a queued experiment is deleted when it ends.

    Args:
        experiment: Name of the MLflow experiment.

    Returns:
        A client and the experiment's id.
    """
    root = project_root()
    state = root / ".saltseg"
    state.mkdir(exist_ok=True)
    uri = tracking_uri(root)
    # Two processes that migrate a fresh database at once break it.
    with FileLock(state / "mlflow.lock"):
        client = MlflowClient(uri)
        found = client.get_experiment_by_name(experiment)
        if found is not None:
            if found.lifecycle_stage == "deleted":
                client.restore_experiment(found.experiment_id)
            return client, found.experiment_id
        local = uri.startswith("sqlite:")
        artifacts = (root / "mlartifacts" / experiment).as_uri() if local else None
        return client, client.create_experiment(
            experiment, artifact_location=artifacts, tags=_MODEL_TRAINING
        )


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys as dotted ones: {"a": {"b": 1}} becomes {"a.b": 1}."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
