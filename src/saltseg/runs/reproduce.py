"""Run the pipeline anew, whatever DVC's cache holds, and look what changed in dvc.lock."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.utils.serialize import ParseError

from saltseg.errors import DataError
from saltseg.runs.commands import dvc_command, dvc_environment
from saltseg.runs.lock import MEND, read_lock

LOCK = Path("dvc.lock")

Rerun = dict[str, list[str]]
"""By stage, what is not as recorded before; nothing where it gave the very bytes."""


def reproduce(targets: Sequence[str]) -> Rerun:
    """Run stages with `dvc repro --force`, its output shown as it comes, and compare.

    A stage that DVC runs always (`track`) is left out: it has no output.

    Args:
        targets: Stages, as `dvc repro` takes them, those they need included; none for all.

    Raises:
        DataError: There is nothing to compare with, and nothing was run; or the run failed.
    """
    try:
        with Repo() as repo:
            stages = {
                stage.addressing
                for target in targets or ("dvc.yaml",)
                for stage in repo.stage.collect(target, with_deps=True)
                if not stage.always_changed
            }
    except DvcException as error:
        advice = MEND if isinstance(error, ParseError) else "run `dvc repro` in the project"
        raise DataError(f"{' '.join(str(error).split())}; {advice}") from None
    before = read_lock(LOCK.read_bytes()) if LOCK.exists() else {}
    if new := sorted(stages - before.keys()):
        raise DataError(f"dvc.lock does not record {', '.join(new)} yet; run `dvc repro` first")
    command = dvc_command("repro", "--force", *targets)
    code = subprocess.run(command, env=dvc_environment(), check=False).returncode
    if code:
        raise DataError(f"`dvc repro --force` ended with exit code {code}: nothing was compared")
    after = read_lock(LOCK.read_bytes())
    made = {path for stage in before.values() for path in _outputs(stage)}
    return {name: _differing(before[name], after[name], made) for name in before if name in stages}


def _differing(before: Mapping[str, Any], after: Mapping[str, Any], made: set[str]) -> list[str]:
    """Outputs that differ; or, since they must then, that the stage itself is another."""
    if _given(before, made) != _given(after, made):
        return ["other code or parameters than recorded"]
    old, new = _outputs(before), _outputs(after)
    return [path for path in new if old.get(path) != new[path]]


def _given(stage: Mapping[str, Any], made: set[str]) -> tuple[Any, ...]:
    """Command, parameters and files of a stage, without what other stages make."""
    files = {dep["path"]: dep["md5"] for dep in stage.get("deps", [])}
    own = {path: md5 for path, md5 in files.items() if not any(o.startswith(path) for o in made)}
    return stage["cmd"], stage.get("params"), own


def _outputs(stage: Mapping[str, Any]) -> dict[str, str]:
    return {out["path"]: out["md5"] for out in stage.get("outs", [])}
