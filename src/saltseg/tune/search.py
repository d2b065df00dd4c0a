"""A whole search: from the space file to the table of trials and the best one's hold-out."""

import re
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

from filelock import FileLock, Timeout
from optuna.trial import FrozenTrial, TrialState
from rich.console import Console

from saltseg.errors import DataError, ParameterError
from saltseg.params import load_params
from saltseg.report.search import TrialRow, trials_table
from saltseg.root import state_folder
from saltseg.runs.processes import interrupted_by_signals
from saltseg.scoring.scores import DECIDING
from saltseg.tune.experiment import Experiments, recorded
from saltseg.tune.space import read_space
from saltseg.tune.study import Study
from saltseg.tune.trials import search

FOLDER = "tune"
"""Below the project's folder of state: Optuna's database, and what trials printed."""

_STATES = {TrialState.COMPLETE: "done", TrialState.PRUNED: "pruned", TrialState.FAIL: "failed"}


def tune(path: Path, trials: int, name: str | None, console: Console) -> None:
    """Run trials until a study has so many, and show them all, the best first.

    Args:
        path: The space file.
        trials: How many, those of earlier calls included.
        name: Of the study; None for that of the file.
        console: Where to.

    Raises:
        DataError: Another process searches in this study, or its database is damaged.
        ParameterError: The space does not fit params.yaml, or the study.
        TrainingError: Several trials failed, one after another.
        KeyboardInterrupt: It was stopped; nothing runs on, and how to go on was said.
    """
    space, base = read_space(path, load_params())
    name = path.stem if name is None else name
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
        raise ParameterError(f"study '{name}': expected letters, digits, _ and -; say --study NAME")
    folder = state_folder(FOLDER)
    say = partial(console.print, soft_wrap=True, highlight=False, markup=False)
    with _alone(folder / f"{name}.lock", name), interrupted_by_signals():
        study = Study(folder / "studies.db", name, space, base)
        try:
            with console.status(f"study {name}") as status:
                run = Experiments(base, folder, lambda line: status.update(line))
                search(study, trials, run, say)
        except KeyboardInterrupt:
            again = shlex.join(
                ("saltseg", "tune", str(path), "--trials", str(trials), "--study", name)
            )
            say(f"stopped, nothing is left running; `{again}` goes on after the last epoch")
            raise
    console.print(trials_table([_row(study, trial) for trial in study.trials]))
    for line in _verdict(study):
        say(line)


def _row(study: Study, trial: FrozenTrial) -> TrialRow:
    copy = trial.user_attrs.get("copy_of")
    curve = trial.intermediate_values
    return TrialRow(
        name=study.trial_name(trial),
        state=f"as {copy}" if copy else _STATES.get(trial.state, "interrupted"),
        score=trial.value if trial.state == TrialState.COMPLETE else None,
        watched=max(curve.values(), default=None),
        epochs=len(curve),
        seconds=trial.user_attrs.get("seconds", 0.0),
        values=study.space.texts(trial.params),
    )


def _verdict(study: Study) -> Iterator[str]:
    """The best trial, what it scored on tiles that nothing was chosen by, and how to apply it."""
    scores = {
        study.trial_name(one): one.value or 0.0
        for one in study.trials
        if one.state == TrialState.COMPLETE and "copy_of" not in one.user_attrs
    }
    if not scores:
        yield "no trial ran to its end"
        return
    best = max(scores, key=scores.__getitem__)
    of_folds = f"{DECIDING.name} {scores[best]:.3f} out of fold"
    yield f"best: {best}, {of_folds}, on the folds that chose it"
    outputs = recorded(best)
    if outputs is None:
        yield "its experiment is gone; a study of another name would run it anew: --study NAME"
        return
    unseen = outputs.summary.get("holdout")
    if unseen:
        together = ", all folds together" if len(study.base.train.folds) > 1 else ""
        yield (
            f"hold-out, {unseen['tiles']} tiles that no decision saw{together}:"
            f" {DECIDING.name} {unseen[DECIDING.name]:.3f}"
        )
    yield f"to apply it: dvc exp apply {best}"


@contextmanager
def _alone(lock: Path, name: str) -> Iterator[None]:
    try:
        with FileLock(lock).acquire(timeout=0):
            yield
    except Timeout:
        raise DataError(f"study {name}: another process searches in it; wait for its end") from None
