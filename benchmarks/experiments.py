"""DVC experiments that a benchmark makes, one after another; those that are there stay."""

import json
import shlex
import subprocess
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
Overrides = dict[str, Any]


def experiments() -> set[str]:
    """Names of the experiments of this commit."""
    command = ("dvc", "exp", "list", "--name-only")
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def run(name: str, overrides: Overrides) -> None:
    """Run one experiment in a copy of the workspace."""
    command = ("dvc", "exp", "run", "--temp", "-n", name, *_settings(overrides))
    subprocess.run(command, cwd=ROOT, check=True)


def run_side_by_side(name: str, overrides: Overrides, jobs: int) -> None:
    """Run the experiments of all combinations of some overrides, that many folds at a time."""
    command = ("saltseg", "fan-out", "--jobs", str(jobs), "--name", name, *_settings(overrides))
    subprocess.run(command, cwd=ROOT, check=True)


def command_of(overrides: Overrides) -> str:
    """What a person would type."""
    return f"dvc exp run {shlex.join(_settings(overrides))}"


def _settings(overrides: Overrides) -> list[str]:
    return [f"-S{key}={_spoken(value)}" for key, value in overrides.items()]


def _spoken(value: Any) -> str:
    """A value as `dvc exp run -S` takes it."""
    return json.dumps(value).replace(" ", "") if isinstance(value, list) else str(value).lower()
