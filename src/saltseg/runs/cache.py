"""Outputs of any past run, found in DVC's cache by the digests that its dvc.lock holds."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dvc.repo import Repo
from dvc_data.hashfile.hash_info import HashInfo
from dvc_data.hashfile.tree import Tree
from dvc_objects.errors import ObjectFormatError

from saltseg.errors import DataError


def cached(repo: Repo, lock: Mapping[str, Any], path: str) -> Path:
    """Where the cache keeps a file of an output.

    Args:
        repo: The DVC repository.
        lock: Stages of the run's dvc.lock.
        path: Of the file, within the workspace of that run.

    Raises:
        DataError: The run has no such output, or the cache does not hold it any more.
    """
    outs = {out["path"]: out["md5"] for stage in lock.values() for out in stage.get("outs", [])}
    folder, _, name = path.rpartition("/")
    digest = (listed(repo, outs[folder]) or {}).get(name) if folder in outs else outs.get(path)
    found = Path(repo.cache.local.oid_to_path(digest)) if digest else Path()
    if not found.is_file():
        raise DataError(f"{path} is not in DVC's cache any more")
    return found


def listed(repo: Repo, digest: str) -> dict[str, str] | None:
    """Digests of the files of an output folder, by their paths within it.

    Args:
        repo: The DVC repository.
        digest: Of the folder, as in dvc.lock.

    Returns:
        None where it is no folder's, or the cache does not hold it any more.
    """
    if not digest.endswith(".dir"):
        return None
    try:
        tree = Tree.load(repo.cache.local, HashInfo("md5", digest))
    except (FileNotFoundError, ObjectFormatError):
        return None
    return {"/".join(key): file.value for key, _, file in tree if file}
