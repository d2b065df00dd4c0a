"""Where a run comes from: git commit, DVC experiment, digests of its data."""

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Origin:
    """Where the pipeline ran.

    Attributes:
        commit: The git commit it started from, where there is one.
        experiment: Name of the DVC experiment, if it was one.
    """

    commit: str | None = None
    experiment: str | None = None


def current_origin() -> Origin:
    """The commit checked out here, and the experiment that DVC is running, if any."""
    # In the copy that DVC makes for an experiment, HEAD is a commit of its own.
    commit = os.environ.get("DVC_EXP_BASELINE_REV") or _head()
    return Origin(commit, os.environ.get("DVC_EXP_NAME"))


def provenance(origin: Origin, lock: Mapping[str, Any], backbone: str) -> dict[str, str]:
    """Tags that tell which code and data a run used; what is not known is left out.

    Args:
        origin: Where it ran.
        lock: Stages of its dvc.lock, in which DVC records a stage before the next one runs.
        backbone: Its initial weights are named too.
    """
    outs = {out["path"]: out["md5"] for stage in lock.values() for out in stage.get("outs", [])}
    found = {
        "git_commit": origin.commit,
        "dvc_experiment": origin.experiment,
        "data_digest": outs.get("data/survey"),
        "folds_digest": outs.get("data/folds.csv"),
        "initial_weights_digest": outs.get(f"data/initial/{backbone}"),
    }
    return {name: str(value) for name, value in found.items() if value}


def _head() -> str | None:
    command = ["git", "rev-parse", "--verify", "--quiet", "HEAD"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None
