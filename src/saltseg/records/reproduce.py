"""Run the pipeline anew, whatever DVC's cache holds, and compare with what it gave before."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from dvc.exceptions import DvcException
from dvc.repo import Repo
from dvc.utils.serialize import ParseError

from saltseg.errors import DataError
from saltseg.files import write_whole
from saltseg.records.cache import listed
from saltseg.records.lock import MEND, read_lock
from saltseg.records.rerun import StageRerun, compare_locks, is_made
from saltseg.root import state_folder

LOCK = Path("dvc.lock")


@dataclass(frozen=True)
class Reproduction:
    """Stages run anew.

    Attributes:
        stages: Each one compared with what it gave before.
        commit: The commit whose dvc.lock they were compared with; None where that was not
            committed, so that it was written here.
        restore: The command that brings back what was recorded before.
    """

    stages: Sequence[StageRerun]
    commit: str | None
    restore: str

    @property
    def differing(self) -> list[StageRerun]:
        """Stages that did not give the very bytes recorded."""
        return [stage for stage in self.stages if stage.differing]


def reproduce(targets: Sequence[str]) -> Reproduction:
    """Run stages with `dvc repro --force`, its output shown as it comes, and compare.

    Args:
        targets: Stages, as `dvc repro` takes them, those they need included; none for all.

    Raises:
        DataError: There is nothing to compare with, and nothing was run; or the run failed.
    """
    stages = recorded_stages(targets)
    before = LOCK.read_bytes()
    commit = _commit_of(before)
    # What lies in the cache DVC does not run again, but puts back; metrics, too.
    restore = " ".join((_restore_lock(before, commit), "&& dvc repro", *targets))
    code = _run_anew(targets)
    if code:
        raise DataError(
            f"`dvc repro --force` ended with exit code {code}: nothing was compared. Earlier "
            f"outputs are in DVC's cache: `{restore}` brings them back"
        )
    old, new = read_lock(before), read_lock(LOCK.read_bytes())
    with Repo() as repo:
        compared = compare_locks(old, new, stages, partial(listed, repo))
    return Reproduction(compared, commit, restore)


def recorded_stages(targets: Sequence[str]) -> list[str]:
    """Names of stages and of those they need, in the order of dvc.lock.

    A stage that DVC runs always (`track`) is none of them: it leaves no output.

    Args:
        targets: Stages; none for all.

    Raises:
        DataError: dvc.lock does not stand for what the workspace asks for.
    """
    try:
        with Repo() as repo:
            asked = [
                stage
                for target in targets or ("dvc.yaml",)
                for stage in repo.stage.collect(target, with_deps=True)
            ]
            status = repo.status(targets=list(targets) or None, with_deps=True)
    except DvcException as error:
        advice = f"; {MEND}" if isinstance(error, ParseError) else ""
        advice = advice if Path("dvc.yaml").exists() else "; run this where dvc.yaml is"
        raise DataError(f"{' '.join(str(error).split())}{advice}") from None
    lock = read_lock(LOCK.read_bytes()) if LOCK.exists() else {}
    running = [stage for stage in asked if stage.cmd and not stage.always_changed]
    made = {str(out) for stage in running for out in stage.outs}
    names = {stage.addressing for stage in running}
    if new := sorted(names - lock.keys()):
        raise DataError(f"dvc.lock does not record {', '.join(new)} yet; run `dvc repro` first")
    ignored = {stage.addressing for stage in asked if stage.always_changed}
    reasons = [reason for name, found in status.items() if name not in ignored for reason in found]
    if changed := sorted({name for reason in reasons for name in _inputs_changed(reason, made)}):
        raise DataError(
            f"{', '.join(changed)} changed since dvc.lock was written: there is nothing to "
            "compare with; run `dvc repro` first"
        )
    return [name for name in lock if name in names]


def _inputs_changed(reason: str | Mapping[str, Any], made: set[str]) -> list[str]:
    """Inputs of the pipeline that DVC calls changed; outputs will be made anew anyway."""
    if isinstance(reason, str):
        return [] if reason == "always changed" else ["dvc.yaml"]
    told = [item for group in reason.values() for item in group.items()]
    return [
        f"{path} ({', '.join(sorted(how))})" if isinstance(how, Mapping) else path
        for path, how in told
        if not is_made(path, made)
    ]


def _commit_of(lock: bytes) -> str | None:
    """The commit that last changed dvc.lock, where it stands as committed."""
    if _git("show", f"HEAD:./{LOCK}") != lock:
        return None
    return _git("log", "-1", "--format=%h", "--", str(LOCK)).decode().strip()


def _git(*arguments: str) -> bytes:
    """What git prints; nothing where it fails."""
    return subprocess.run(["git", *arguments], capture_output=True, check=False).stdout


def _restore_lock(lock: bytes, commit: str | None) -> str:
    """The command that restores dvc.lock; one that git does not have is kept aside for it."""
    if commit:
        return f"git checkout {LOCK}"
    kept = state_folder() / "before-rerun.lock"
    write_whole(kept, lock)
    return f"cp {os.path.relpath(kept)} {LOCK}"


def _run_anew(targets: Sequence[str]) -> int:
    """Run stages that are done; returns the exit code."""
    # Stages run `python`, whatever PATH says it is: this environment's comes first.
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    command = [sys.executable, "-m", "dvc", "repro", "--force", *targets]
    with subprocess.Popen(command, env=os.environ | {"PATH": path}) as running:
        while True:
            try:
                return running.wait()
            except KeyboardInterrupt:
                # Ctrl-C reaches DVC and the stage as well, and they end in good order.
                continue
