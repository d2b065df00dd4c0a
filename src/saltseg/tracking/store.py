"""Where MLflow keeps its runs, and how several processes open it at once."""

import logging
import os
import re
import shlex
import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit
from urllib.request import url2pathname

from filelock import FileLock
from mlflow import MlflowClient
from mlflow.entities import Run
from mlflow.environment_variables import MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR
from mlflow.exceptions import MlflowException
from mlflow.protos.databricks_pb2 import RESOURCE_ALREADY_EXISTS, ErrorCode
from sqlalchemy.exc import SQLAlchemyError

from saltseg.errors import TrackingError
from saltseg.files import staged_file
from saltseg.params import load_params
from saltseg.root import project_root, state_folder
from saltseg.tracking.uri import (
    ARTIFACTS,
    database_file,
    folder_name,
    own_uri,
    sqlite_uri,
    tracking_uri,
)

# Opens the experiment on its runs and charts; the UI would else guess, and show traces of agents.
_MODEL_TRAINING = {"mlflow.experimentKind": "custom_model_development"}

_DRAFT = "draft-"
"""Begin of the folder in which a database is made; the name differs each time."""

PAGE = 1000
"""Runs asked for at once."""


class Store(NamedTuple):
    """An open MLflow experiment.

    Attributes:
        client: Talks to the store.
        experiment: Id of the MLflow experiment.
    """

    client: MlflowClient
    experiment: str

    def find(self, **tags: str) -> list[Run]:
        """Runs with these tags, newest first."""
        return list(self.each(tags))

    def each(self, tags: Mapping[str, str], *, finished: bool = False) -> Iterator[Run]:
        """The same one by one, asked for page by page.

        Args:
            tags: Only those with these.
            finished: Only those that have ended well.
        """
        asked = {f"tags.`{name}`": value for name, value in tags.items()}
        asked |= {"attributes.status": "FINISHED"} if finished else {}
        # A filter has no way to write an apostrophe.
        terms = [f"{key} = '{value}'" for key, value in asked.items() if "'" not in value]
        token = None
        while True:
            page = self.client.search_runs(
                [self.experiment], " and ".join(terms), max_results=PAGE, page_token=token
            )
            yield from (run for run in page if tags.items() <= run.data.tags.items())
            token = page.token
            if not token:
                return

    def files(self, run_id: str) -> set[str]:
        """Names of a run's artifacts."""
        return {str(artifact.path) for artifact in self.client.list_artifacts(run_id)}


@contextmanager
def store_errors() -> Iterator[None]:
    """Say in one line that the store does not work, whatever it raises; also a decorator.

    Raises:
        TrackingError: The server does not answer, or the database is none, full or locked.
    """
    try:
        yield
    except (MlflowException, SQLAlchemyError) as error:
        uri, why = tracking_uri(), reason(error)
        see = "see to it"
        if "out-of-date database schema" in why:
            see = (
                f"`mlflow db upgrade {shlex.quote(uri)}` mends one of an older MLflow; move one of"
                " a newer away, and `saltseg track --all` writes it anew"
            )
        elif re.search("already exists|duplicate column", why):
            see = "it was left half made: remove it, and `saltseg track --all` writes it anew"
        raise TrackingError(
            f"MLflow's store {uri} cannot be used ({why}); {see}, or set MLFLOW_TRACKING_URI to"
            " another"
        ) from None


def reason(error: Exception) -> str:
    """Why the store failed, in a line: what the database itself says, where it does."""
    said = getattr(error.__cause__ or error, "orig", None) or error
    return " ".join(str(said).split())[:200] or type(error).__name__


@store_errors()
def open_store(experiment: str) -> Store:
    """Open the store, creating database and experiment where missing.

    The artifact folder is given explicitly and absolute: MLflow would else put it below the
    current folder, which for a queued experiment is deleted when it ends.

    Args:
        experiment: Name of the MLflow experiment.

    Raises:
        TrackingError: The server does not answer, or the database is none.
    """
    state, uri = state_folder(), tracking_uri()
    # It raises what it logs, tracebacks and all.
    logging.getLogger("mlflow.store.db.utils").setLevel(logging.CRITICAL)
    # A bar for each handful of small files would drown what the command has to say.
    os.environ.setdefault(MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR.name, "false")
    # Two processes that migrate a fresh database at once break it.
    with FileLock(state / "mlflow.lock"):
        file = database_file(uri)
        if file and not file.exists():
            _create(file)
        client = MlflowClient(uri)
        found = client.get_experiment_by_name(experiment)
        if found is not None:
            _check_location(uri, experiment, found.artifact_location)
            if found.lifecycle_stage == "deleted":
                client.restore_experiment(found.experiment_id)
            return Store(client, found.experiment_id)
        folder = project_root() / ARTIFACTS / folder_name(experiment)
        artifacts = folder.as_uri() if file else None
        return Store(client, _create_experiment(client, experiment, artifacts))


def _create_experiment(client: MlflowClient, name: str, artifacts: str | None) -> str:
    """Id of a new experiment; of one that another process, or machine, has just made."""
    try:
        made: str = client.create_experiment(
            name, artifact_location=artifacts, tags=_MODEL_TRAINING
        )
        return made
    except MlflowException as error:
        found = client.get_experiment_by_name(name)
        if error.error_code != ErrorCode.Name(RESOURCE_ALREADY_EXISTS) or found is None:
            raise
        found_id: str = found.experiment_id
        return found_id


def _create(file: Path) -> None:
    """Create a database whole: what a killed process leaves half made, MLflow never opens again."""
    for left in state_folder().glob(f"{_DRAFT}*"):
        shutil.rmtree(left)
    with tempfile.TemporaryDirectory(prefix=_DRAFT, dir=state_folder()) as folder:
        draft = Path(folder) / file.name
        MlflowClient(sqlite_uri(draft)).search_experiments(max_results=1)
        with staged_file(file) as whole, closing(sqlite3.connect(draft)) as database:
            whole.unlink(missing_ok=True)
            # MLflow keeps the draft open, so it is copied, with what its journal still holds.
            database.execute("vacuum into ?", (str(whole),))


def _check_location(uri: str, experiment: str, artifacts: str) -> None:
    """Make sure that the artifacts of an SQLite database go where they stay.

    It holds paths, absolute ones where it is well.

    Raises:
        TrackingError: It was copied or moved with its repository, or the paths lead into a
            throw-away copy of it.
    """
    parts = urlsplit(artifacts)
    if not database_file(uri) or parts.scheme not in ("", "file"):
        return
    folder = Path(url2pathname(parts.path) if parts.scheme else artifacts)
    root = project_root()
    if not folder.is_absolute() or folder.is_relative_to(root / ".dvc"):
        raise TrackingError(
            f"MLflow's experiment '{experiment}' keeps its files in {artifacts}, which goes with a"
            " copy of the repository; give another name by tracking.experiment in params.yaml"
        )
    if uri == own_uri() and not folder.resolve().is_relative_to(root.resolve()):
        raise TrackingError(
            f"{root / 'mlflow.db'} was made elsewhere and writes to {folder}; remove it and"
            f" {ARTIFACTS} here, then `saltseg track --all` brings the runs back"
        )


def own_store() -> Store:
    """Open the store of this repository, as its params.yaml names the experiment.

    Raises:
        SaltsegError: As `load_params` and `open_store`.
    """
    return open_store(load_params(project_root() / "params.yaml").tracking.experiment)


def flatten(tree: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    """Nested keys as dotted ones: {"a": {"b": 1}} becomes {"a.b": 1}."""
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        if isinstance(value, Mapping):
            flat |= flatten(value, f"{prefix}{key}.")
        else:
            flat[f"{prefix}{key}"] = value
    return flat
