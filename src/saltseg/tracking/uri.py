"""Where the MLflow store is, found without importing MLflow."""

import os
import re
from pathlib import Path
from urllib.parse import unquote

from saltseg.root import project_root
from saltseg.runs.keys import digest

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
