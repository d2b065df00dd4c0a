"""Where the store is, and what this machine remembers about it, without MLflow."""

import os
import re
import sqlite3
from contextlib import suppress
from pathlib import Path
from urllib.parse import unquote

from saltseg.files import write_whole
from saltseg.records.keys import digest
from saltseg.records.outputs import Outputs
from saltseg.root import project_root, state_folder

ARTIFACTS = "mlartifacts"
"""Folder of artifacts beside the database."""

_SQLITE = re.compile(r"sqlite(?:\+pysqlite)?:///(?P<path>(?!:memory:)[^?]+)(?:\?.*)?")


def tracking_uri() -> str:
    """MLFLOW_TRACKING_URI, else a database at the root, where plain `mlflow ui` looks too.

    Relative paths are taken from the root: an experiment that DVC runs in a throw-away copy of the
    repository would else write to a database that goes with the copy.
    """
    uri = os.environ.get("MLFLOW_TRACKING_URI", "").strip()
    if not uri:
        return own_uri()
    if path := database_file(uri):
        options = uri.partition("?")[2]
        return sqlite_uri(project_root() / path) + f"?{options}" * bool(options)
    folder = re.fullmatch(r"(?:file:(?!/))?(?!databricks|uc)([^:]*)", uri)
    return (project_root() / folder[1]).as_uri() if folder else uri


def own_uri() -> str:
    """The database at the root of this repository."""
    return sqlite_uri(project_root() / "mlflow.db")


def sqlite_uri(path: Path) -> str:
    """What MLflow opens a database by, whatever folder it lies in."""
    text = str(path)
    if not {"%", "?"} & set(text):
        return f"sqlite:///{text}"
    # SQLAlchemy would take these for escapes and options. Where the URI begins as above, MLflow
    # creates the folder of the path as it stands in it, escapes and all.
    return "sqlite+pysqlite:///" + text.replace("%", "%25").replace("?", "%3F")


def database_file(uri: str) -> Path | None:
    """The file of an SQLite database; None of any other store."""
    found = _SQLITE.fullmatch(uri)
    return Path(unquote(found["path"]).removeprefix("file:")) if found else None


def folder_name(experiment: str) -> str:
    """What files and registered models of an MLflow experiment are called: its name, where it can.

    MLflow takes any text for the name of an experiment, but a folder's must not lead elsewhere, and
    a model's stands in URIs (models:/NAME/1) and in filters, which have no escape.
    """
    safe = re.sub(r"[^\w .+,=()-]+", "-", experiment)[:100].strip(" .-")
    # What would make two names one gets a part of its own.
    return safe if safe == experiment else f"{safe or 'experiment'}-{digest(experiment)[:8]}"


def store_exists() -> bool:
    """Whether there is a store; of a server that is assumed."""
    path = database_file(tracking_uri())
    return path is None or path.exists()


def stamped(outputs: Outputs) -> bool:
    """Whether the store is known to show these outputs, asked without importing mlflow."""
    try:
        run_id, *folds = _stamp(outputs).read_text().split()
    except (OSError, ValueError):
        return False
    return folds == list(outputs.fold_keys.values()) and _is_there(tracking_uri(), run_id)


def stamp(outputs: Outputs, run_id: str) -> None:
    """Remember that the store shows these outputs, as this run."""
    lines = (run_id, *outputs.fold_keys.values())
    write_whole(_stamp(outputs), "".join(f"{line}\n" for line in lines).encode())


def unstamp(key: str) -> None:
    """Forget that the store shows outputs with this fold: it is to be looked at again.

    Args:
        key: Of the fold.
    """
    for path in state_folder("tracked").iterdir():
        # Another process may have been faster.
        with suppress(FileNotFoundError):
            if key in path.read_text().split():
                path.unlink()


def _stamp(outputs: Outputs) -> Path:
    tracking = (outputs.params["tracking"], tracking_uri())
    shown = digest(outputs.key, outputs.results, outputs.origin.experiment, *tracking)
    return state_folder("tracked") / shown


def _is_there(uri: str, run_id: str) -> bool:
    """Whether a run has not been deleted; of a server that is assumed, to ask it takes mlflow."""
    path = database_file(uri)
    if path is None:
        return True
    alive = "select 1 from runs where run_uuid = ? and lifecycle_stage = 'active'"
    try:
        with sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True) as database:
            return database.execute(alive, (run_id,)).fetchone() is not None
    except sqlite3.Error:
        return False
