"""Keys: all that decided a run's numbers in one digest, the same while it trains and ever after."""

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

Inputs = dict[str, Any]
"""What a stage declares: the digest of every file and the value of every parameter, by path."""


def read_lock(text: str) -> dict[str, Any]:
    """The stages of a dvc.lock, numbers read as DVC reads them (YAML 1.2: 1e-06 is one)."""
    stages: dict[str, Any] = (YAML(typ="safe").load(text) or {}).get("stages", {})
    return stages


def write_lock(stages: Mapping[str, Any], path: Path) -> None:
    """Write stages as a dvc.lock."""
    YAML(typ="safe").dump({"schema": "2.0", "stages": dict(stages)}, path)


def locked_inputs(stage: Mapping[str, Any]) -> Inputs:
    """Inputs of a stage as its entry in dvc.lock records them."""
    files = {dep["path"]: dep["md5"] for dep in stage.get("deps", [])}
    return {"deps": files, "params": stage.get("params", {})}


def running_inputs() -> Inputs | None:
    """Inputs of the stage that DVC is running now; None outside of DVC.

    DVC writes them to dvc.lock only after the stage, so it is asked to hash them here.
    """
    name = os.environ.get("DVC_STAGE")
    if not name:
        return None
    from dvc.dependency import ParamsDependency
    from dvc.repo import Repo

    found: Inputs = {"deps": {}, "params": {}}
    with Repo() as repo:
        (stage,) = repo.stage.collect(name)
        stage.save_deps()
        for dep in stage.deps:
            kind = "params" if isinstance(dep, ParamsDependency) else "deps"
            found[kind][dep.def_path] = dep.hash_info.value
    return found


def fold_key(fold: int, inputs: Inputs, engine: Mapping[str, str]) -> str:
    """Key of one trained fold.

    Args:
        fold: The fold held out.
        inputs: Of its train stage.
        engine: Names and versions of what computed, from `runtime.engine_versions`.
    """
    return digest(fold, inputs, engine)


def experiment_key(fold_keys: list[str], evaluate: Inputs) -> str:
    """Key of a whole cross-validation.

    Args:
        fold_keys: Of the folds that were evaluated.
        evaluate: Inputs of the evaluate stage. The folder of models counts through the fold keys
            only: it may hold folds that nobody asked for.
    """
    files = {path: md5 for path, md5 in evaluate["deps"].items() if not path.startswith("models/")}
    return digest(sorted(fold_keys), files, evaluate["params"])


def digest(*parts: object) -> str:
    """One digest of JSON-like parts; the order within mappings does not matter."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:32]
