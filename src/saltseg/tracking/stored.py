"""The networks of a run that MLflow shows; DVC's cache holds them."""

from pathlib import Path

from saltseg.errors import DataError
from saltseg.runs.models import Trained
from saltseg.runs.outputs import AGAIN
from saltseg.tracking.lookup import fetch, run_called, shown_names
from saltseg.tracking.store import own_store, store_errors
from saltseg.tracking.uri import store_exists


@store_errors()
def stored(name: str, folder: Path) -> Trained:
    """Find a run by id, run name, DVC experiment or backbone, the newest of several.

    Args:
        name: Of the run.
        folder: Created for its artifacts.

    Raises:
        DataError: There is no such run.
        TrackingError: The store does not work.
    """
    if not store_exists():
        raise DataError("there is no MLflow store yet; run `dvc repro`, or `saltseg track --all`")
    store = own_store()
    run = run_called(store, name)
    if run is None:
        raise DataError(shown_names(store))
    folder.mkdir(parents=True)
    found = fetch(store, run, folder)
    tags = found.run.data.tags
    commit = tags.get("git_commit", "")[:7] or "its commit"
    return Trained(
        name=found.name,
        params=found.params,
        lock=found.lock,
        restore=f"check out {commit}; {AGAIN}",
        key=tags["key"],
        map_iou=found.run.data.metrics["cv_map_iou_mean"],
    )
