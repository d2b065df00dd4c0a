"""Where a run comes from: git commit, DVC experiment, digests of its data."""

import os
import subprocess
from pathlib import Path

import yaml


def provenance(backbone: str) -> dict[str, str]:
    """Tags that tell which code and data a run used; what is not known is left out.

    Args:
        backbone: Its initial weights are named too.
    """
    found = {
        "git_commit": _git_commit(),
        "dvc_experiment": os.environ.get("DVC_EXP_NAME"),
        "data_digest": _digest("data/survey"),
        "folds_digest": _digest("data/folds.csv"),
        "initial_weights_digest": _digest(f"data/initial/{backbone}"),
    }
    return {name: value for name, value in found.items() if value}


def _git_commit() -> str | None:
    done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else None


def _digest(out: str) -> str | None:
    """The md5 that dvc.lock records for an output, which DVC writes before the next stage runs."""
    try:
        lock = yaml.safe_load(Path("dvc.lock").read_text())
    except OSError:
        return None
    for stage in lock.get("stages", {}).values():
        for entry in stage.get("outs", []):
            if entry["path"] == out:
                return str(entry["md5"])
    return None
