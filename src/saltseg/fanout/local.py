"""Folds side by side on this machine, each a process of its own."""

import time
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from subprocess import Popen
from typing import Any

from saltseg.fanout.board import WATCHED, Board
from saltseg.fanout.sites import Fold
from saltseg.runs.commands import dvc_command
from saltseg.runs.processes import process_group, reason_of
from saltseg.runs.unfinished import unfinished

POLL = 1.0
"""Seconds between two looks at the trainings."""

HERE = "this machine"

SHARED = {"TF_FORCE_GPU_ALLOW_GROWTH": "true", "XLA_PYTHON_CLIENT_PREALLOCATE": "false"}
"""Lets trainings share a GPU: each takes the memory that it needs, where it would take all."""


@dataclass
class _Running:
    fold: Fold
    params: Mapping[str, Any]
    process: "Popen[bytes]"
    open: ExitStack


def train_here(folds: Sequence[Fold], jobs: int, folder: Path, board: Board) -> Mapping[str, str]:
    """Train folds, so many at a time, and wait for their end.

    Args:
        folds: All of them.
        jobs: How many at a time.
        folder: For what they print, a file each.
        board: Told how far they are.

    Returns:
        Why a fold has failed, by its name; the others are trained.
    """
    waiting, failures = deque(folds), {}
    with ExitStack() as stack:
        running: list[_Running] = []
        while waiting or running:
            while waiting and len(running) < jobs:
                running.append(_start(stack, waiting.popleft(), folder, board))
            time.sleep(POLL)
            for one in running:
                _look(one, board)
            for one in [one for one in running if one.process.poll() is not None]:
                running.remove(one)
                one.open.close()
                why = _reason(one, folder)
                board.end(one.fold.name, why)
                if why:
                    failures[one.fold.name] = why
    return failures


def _start(stack: ExitStack, fold: Fold, folder: Path, board: Board) -> _Running:
    # Each waits for what another one writes: without that, DVC refuses to run beside another.
    command = dvc_command("--wait-for-lock", "repro", "--single-item", fold.stage)
    log, noted = folder / f"{fold.name}.log", folder / f"{fold.name}.process"
    own = stack.enter_context(ExitStack())
    around = SHARED | fold.site.environment(Path.cwd())
    process = own.enter_context(
        process_group(command, log, noted, folder=fold.site.folder, environment=around)
    )
    board.begin(fold.name, HERE)
    return _Running(fold, fold.site.leaves, process, own)


def _look(running: _Running, board: Board) -> None:
    fold, params = running.fold, running.params
    with suppress(OSError):  # a training ends, and its state goes, while this looks
        for one in unfinished():
            about = one.about
            if about.title == fold.title and about.launch.params == params and one.owned:
                if rows := one.state.rows:
                    score = rows[-1].get(WATCHED, 0.0)
                    board.see(fold.name, len(rows), int(params["train.epochs"]), score)
                return


def _reason(one: _Running, folder: Path) -> str:
    """Why it failed; nothing where it did not."""
    if not one.process.returncode:
        return ""
    log = folder / f"{one.fold.name}.log"
    return f"{reason_of(log.read_text(errors='replace'))}; see {log}"
