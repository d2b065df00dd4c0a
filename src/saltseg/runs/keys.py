"""Keys: all that decided a run's numbers in one digest, the same while it trains and ever after."""

import hashlib
import json
from collections.abc import Mapping
from functools import reduce
from operator import or_
from typing import Any

from saltseg.errors import DataError, TrainingError

Inputs = dict[str, Any]
"""What a stage declares: the digest of every file and the value of every parameter, by path."""


def locked_inputs(stage: Mapping[str, Any]) -> Inputs:
    """Inputs of a stage as its entry in dvc.lock records them."""
    files = {dep["path"]: dep["md5"] for dep in stage.get("deps", [])}
    return {"deps": files, "params": stage.get("params", {})}


def current_inputs(stage: str) -> Inputs:
    """Inputs of a stage as they are now.

    DVC writes them to dvc.lock only after the stage, so it is asked to hash them here.

    Args:
        stage: Its name, for instance `train@resnet50-0`.

    Raises:
        DataError: This is no DVC repository, it has no such stage, or an input is missing.
    """
    from dvc.dependency import ParamsDependency
    from dvc.exceptions import DvcException
    from dvc.repo import Repo

    found: Inputs = {"deps": {}, "params": {}}
    try:
        with Repo() as repo:
            (one,) = repo.stage.collect(stage)
            one.save_deps()
            for dep in one.deps:
                kind = "params" if isinstance(dep, ParamsDependency) else "deps"
                found[kind][dep.def_path] = dep.hash_info.value
    except DvcException as error:
        reason = " ".join(str(error).split())
        raise DataError(
            f"no stage {stage} here ({reason}); run `dvc repro` in the project"
        ) from None
    return found


def require_unchanged(stage: str, inputs: Inputs, title: str) -> None:
    """Make sure that what a stage began with is what DVC will record, which hashes it at the end.

    Args:
        stage: Its name.
        inputs: As `current_inputs` gave them at its beginning.
        title: What people call it, for instance `resnet50 fold 0`.

    Raises:
        TrainingError: Something has been edited since; it is named.
    """
    before, now = (by_name(one, {}) for one in (inputs, current_inputs(stage)))
    changed = sorted(name for name in before.keys() | now if before.get(name) != now.get(name))
    if changed:
        raise TrainingError(
            f"{title}: {', '.join(changed)} changed while it trained, so nothing is written;"
            " `dvc repro` trains anew, or takes up what is trained where you undo the change"
        )


def by_name(inputs: Inputs, engine: Mapping[str, str]) -> dict[str, Any]:
    """All that `fold_key` digests, by the name a user knows it by."""
    return reduce(or_, inputs["params"].values(), {**inputs["deps"], **engine})


def fold_key(fold: int, inputs: Inputs, engine: Mapping[str, str]) -> str:
    """Key of one trained fold.

    Args:
        fold: The fold held out.
        inputs: Of its train stage.
        engine: What computed, from `runtime.engine_facts`.
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
