"""The registry of models: a version for each run, and the alias of the best one."""

import logging
import shlex
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import mlflow
import numpy as np
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion, RegisteredModel
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.protos.databricks_pb2 import RESOURCE_DOES_NOT_EXIST, ErrorCode
from mlflow.types import Schema, TensorSpec

from saltseg.comparison.networks import compare
from saltseg.errors import DataError
from saltseg.inference.files import read_facts
from saltseg.nets.blueprint import BLUEPRINT, Blueprint
from saltseg.nets.encoders import SOURCES
from saltseg.tracking.comparable import ShownRun, labels, obstacles
from saltseg.tracking.lookup import choose, shown_run
from saltseg.tracking.registered import MODEL, version_of
from saltseg.tracking.store import Store, own_store, store_errors
from saltseg.tracking.uri import folder_name

CHAMPION = "champion"
_KEY = "key"
_PACKAGE = Path(__file__).parents[1]
_NEEDED = (
    "mlflow",
    "tensorflow",
    "keras",
    "h5py",
    "numpy",
    "matplotlib",
    "opencv-python-headless",
    "pandas",
    "pydantic",
    "rich",
    "ruamel.yaml",
    "scipy",
    "typer",
)


@dataclass(frozen=True)
class Registered:
    """What came of a registration.

    Attributes:
        name: Of the registered model.
        version: Its version.
        new: Whether the version is new; one run has one.
        champion: Whether it has the alias `champion` now.
        reason: Why, in one sentence.
    """

    name: str
    version: str
    new: bool
    champion: bool
    reason: str

    def text(self) -> str:
        """Two lines for the terminal."""
        uri = f"models:/{self.name}/{self.version}"
        state = "is the champion" if self.champion else "is not the champion"
        had = "" if self.new else " (was there already)"
        serve = f"mlflow models serve --env-manager local -m {shlex.quote(uri)}"
        return f"{uri}{had} {state}: {self.reason}\nserve it: {serve}"


@store_errors()
def register_model(run: str, folder: Path, force: bool) -> Registered:
    """Put the model of a run into the registry, named after the MLflow experiment.

    Args:
        run: As for `choose`.
        folder: Its networks, as `saltseg export` lays them out.
        force: Make it the champion whatever a comparison says.

    Raises:
        DataError: There is no such run.
        TrackingError: The store does not work.
    """
    store, facts = own_store(), read_facts(folder)
    known = store.find(kind="experiment", key=str(facts.key))
    one = shown_run(store, known[0]) if known else choose(store, [run])[0]
    return register(store, one, folder, force)


def register(store: Store, run: ShownRun, folder: Path, force: bool) -> Registered:
    """Put a model into the registry of a store; see `register_model`.

    Args:
        store: Where.
        run: Its cross-validation.
        folder: As there.
        force: As there.
    """
    client = store.client
    name = folder_name(client.get_experiment(store.experiment).name)
    version = version_of(store, run.run.info.run_id, name)
    new = version is None
    if MODEL not in store.files(run.run.info.run_id):
        _log(store, run, folder)
    if version is None:
        version = _add(store, name, run)
    champion, reason = (True, "as asked for") if force else _contest(store, name, version, run)
    if champion:
        client.set_registered_model_alias(name, CHAMPION, version.version)
    return Registered(name, str(version.version), new, champion, reason)


def _log(store: Store, run: ShownRun, folder: Path) -> None:
    """Log the model to its run."""
    with tempfile.TemporaryDirectory() as temporary:
        saved = Path(temporary) / MODEL
        save_pyfunc(folder, saved)
        store.client.log_artifacts(run.run.info.run_id, str(saved), MODEL)


def _add(store: Store, name: str, run: ShownRun) -> ModelVersion:
    """Register the model that was logged to a run."""
    client, run_id = store.client, run.run.info.run_id
    if not _model(client, name):
        client.create_registered_model(
            name, description="Salt in seismic tiles: all folds of a cross-validation together."
        )
    info = client.get_run(run_id).info
    score = run.run.data.metrics["cv_map_iou_mean"]
    return client.create_model_version(
        name,
        f"{info.artifact_uri}/{MODEL}",
        run_id,
        tags={_KEY: run.run.data.tags[_KEY]},
        description=f"{run.name}: out-of-fold map_iou {score:.3f}",
    )


def save_pyfunc(folder: Path, target: Path) -> None:
    """Write networks and this package's code as a model that MLflow loads and serves.

    Args:
        folder: Networks, as `saltseg export` lays them out.
        target: Folder to write; must not exist.
    """
    blueprint = Blueprint.read(next(folder.glob("fold-*")) / BLUEPRINT)
    signature, example = _signature(blueprint)
    packages = SOURCES[blueprint.row.source].PACKAGES
    logging.getLogger("mlflow.pyfunc").setLevel(logging.WARNING)
    with tempfile.TemporaryDirectory() as temporary:
        code, networks = Path(temporary) / _PACKAGE.name, Path(temporary) / MODEL
        shutil.copytree(_PACKAGE, code, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copytree(folder, networks)  # what links stand for
        mlflow.pyfunc.save_model(
            target,
            python_model=str(code / "tracking" / "pyfunc.py"),
            code_paths=[str(code)],
            artifacts={MODEL: str(networks)},
            signature=signature,
            input_example=example,
            pip_requirements=[
                f"{name}=={metadata.version(name)}" for name in (*_NEEDED, *packages)
            ],
        )


def _signature(blueprint: Blueprint) -> tuple[ModelSignature, object]:
    """What goes in and comes out, and an example of the first: a grey wedge."""
    anything = (-1, -1, -1)
    tile, z = TensorSpec(np.dtype(np.uint8), anything), TensorSpec(np.dtype(float), (-1,), "z")
    native = blueprint.native
    wedge = np.linspace(0, 255, native.width).astype(np.uint8)
    example: object = np.broadcast_to(wedge, (1, native.height, native.width)).copy()
    inputs = Schema([tile])
    if native.depths is not None:
        inputs = Schema([TensorSpec(tile.type, anything, "tile"), z])
        example = {"tile": example, "z": np.array([native.depths[0]])}
    outputs = Schema(
        [
            TensorSpec(np.dtype(np.float32), anything, "probability"),
            TensorSpec(np.dtype(np.uint8), anything, "mask"),
        ]
    )
    return ModelSignature(inputs, outputs), example


def _model(client: MlflowClient, name: str) -> RegisteredModel | None:
    """The registered model; not by a filter, which has no way to write every name."""
    try:
        return client.get_registered_model(name)
    except MlflowException as error:
        if error.error_code != ErrorCode.Name(RESOURCE_DOES_NOT_EXIST):
            raise
        return None


def _contest(store: Store, name: str, version: ModelVersion, run: ShownRun) -> tuple[bool, str]:
    """Whether a version takes the place of the champion, and why."""
    model = _model(store.client, name)
    if model is None or CHAMPION not in model.aliases:
        return True, "there was none"
    champion = store.client.get_model_version_by_alias(name, CHAMPION)
    if champion.version == version.version:
        return True, "it is already"
    if champion.tags.get(_KEY) == version.tags.get(_KEY):
        return True, f"it is the same cross-validation as version {champion.version}, written anew"
    gone = f"the run of version {champion.version}, the champion, is gone; --force replaces it"
    if not champion.run_id:
        return False, gone
    try:
        other = shown_run(store, store.client.get_run(champion.run_id))
    except (DataError, MlflowException):
        return False, gone
    if other.run.info.lifecycle_stage == "deleted":
        return False, gone
    return _beats([run, other])


def _beats(runs: Sequence[ShownRun]) -> tuple[bool, str]:
    """Whether the first run is at least as good as the second, where they can be compared."""
    if reasons := obstacles(runs):
        return False, f"it cannot be compared with the champion: {'; '.join(reasons)}"
    first, second = (one.contestant(label) for one, label in zip(runs, labels(runs), strict=True))
    comparison = compare(first, second)
    unseen = (comparison.holdout or comparison.differences)[0]
    apart = f"{abs(unseen.mean):.3f} {'below' if unseen.mean < 0 else 'above'} "
    reason = (
        f"its mean map_iou{' on the hold-out' * bool(comparison.holdout)} is"
        f" {apart if unseen.mean else ''}that of the champion so far"
        f" ({unseen.first:.3f} against {unseen.second:.3f})"
    )
    return unseen.mean >= 0, f"{reason}. {comparison.verdict}"
