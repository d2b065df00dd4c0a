"""Models that are in the registry already: found by their run or their URI, and fetched."""

import re
from pathlib import Path

import mlflow
from mlflow import MlflowClient
from mlflow.entities.model_registry import ModelVersion
from mlflow.exceptions import MlflowException

from saltseg.errors import WeightsError
from saltseg.runs.revisions import some
from saltseg.tracking.lookup import choose
from saltseg.tracking.store import Store, own_store, reason, store_errors
from saltseg.tracking.uri import tracking_uri

MODEL = "model"
"""Name of the networks among the artifacts; `pyfunc` knows it too."""

_URI = re.compile(r"models:/(?P<name>[^/@]+)(?:/(?P<version>\w+)|@(?P<alias>.+))")


@store_errors()
def fetch_registered(uri: str, into: Path) -> Path:
    """Fetch the networks of a registered model.

    Args:
        uri: `models:/NAME/VERSION`, `models:/NAME/latest` or `models:/NAME@ALIAS`.
        into: Folder to put them below.

    Returns:
        A folder as `saltseg export` lays it out.

    Raises:
        WeightsError: There is no such model, or it is none of this package.
        TrackingError: The store does not work.
    """
    client = own_store().client
    # Once, and not in the way that fails where there is none: this tells whether the store works.
    versions = list(client.search_model_versions(order_by=["creation_timestamp ASC"]))
    try:
        source = _called(client, uri, versions).source
    except (MlflowException, LookupError) as error:
        there = some(f"models:/{one.name}/{one.version}" for one in versions)
        raise WeightsError(f"no {uri} ({reason(error)}); there are: {there or 'none'}") from None
    try:
        local = mlflow.artifacts.download_artifacts(
            artifact_uri=source, dst_path=str(into), tracking_uri=tracking_uri()
        )
    except (MlflowException, OSError):
        raise WeightsError(
            f"{uri}: its files are gone from {source}; `saltseg register` of its run writes them"
            " anew where DVC still holds it"
        ) from None
    networks = Path(local) / "artifacts" / MODEL
    if not networks.is_dir():
        raise WeightsError(f"{uri}: holds no networks that `saltseg register` wrote; name another")
    return networks


@store_errors()
def registered(run: str) -> str | None:
    """URI of the registered model of a run, also where DVC's cache has lost its networks.

    Args:
        run: As for `choose`.

    Raises:
        DataError: There is no such run.
        TrackingError: The store does not work.
    """
    store = own_store()
    [one] = choose(store, [run])
    found = version_of(store, one.run.info.run_id)
    return found and f"models:/{found.name}/{found.version}"


def version_of(store: Store, run_id: str, name: str | None = None) -> ModelVersion | None:
    """The version made from a run, the newest of several.

    Args:
        store: Where.
        run_id: Not the key: a run that was written anew may hold other networks.
        name: Of the registered model; None for any.
    """
    found = store.client.search_model_versions(f"run_id = '{run_id}'")
    return next((one for one in found if name in (None, one.name)), None)


def _called(client: MlflowClient, uri: str, versions: list[ModelVersion]) -> ModelVersion:
    parts = _URI.fullmatch(uri)
    if parts is None:
        raise LookupError("expected models:/NAME/VERSION or models:/NAME@ALIAS")
    name = parts["name"]
    if parts["alias"]:
        return client.get_model_version_by_alias(name, parts["alias"])
    if parts["version"] == "latest":
        return [one for one in versions if one.name == name][-1]
    return client.get_model_version(name, parts["version"])
