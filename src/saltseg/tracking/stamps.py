"""Stamps: what this machine remembers the store to show, so that mlflow need not be imported."""

import sqlite3
from contextlib import suppress
from pathlib import Path

from saltseg.files import write_whole
from saltseg.root import state_folder
from saltseg.runs.keys import digest
from saltseg.runs.outputs import Outputs
from saltseg.tracking.uri import database_file, tracking_uri


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
