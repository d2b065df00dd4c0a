"""A whole fan-out: what all folds need once, the folds side by side, then the rest."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import joblib
from dvc.repo import Repo
from dvc.utils.serialize import modify_yaml
from filelock import FileLock, Timeout
from rich.console import Console

from saltseg.errors import DataError, TrainingError
from saltseg.fanout.board import Board
from saltseg.fanout.copies import PARAMS, copy_workspace, named_sweep, snapshot
from saltseg.fanout.local import train_here
from saltseg.fanout.sites import Fold, Nodes, Site
from saltseg.params import load_params
from saltseg.root import WORKSPACE, state_folder
from saltseg.runs.processes import interrupted_by_signals

LOCK = Path("dvc.lock")

FOLDER = "fan-out"
"""Below the project's folder of state: copies of the workspace, and what folds printed."""


def fan_out(where: int | Nodes, settings: Sequence[str], prefix: str, console: Console) -> None:
    """Train folds side by side, those of the workspace or of several experiments.

    Args:
        where: How many at a time on this machine, or a cluster.
        settings: None for the workspace; else experiments, as `named_sweep` takes them.
        prefix: Names of experiments begin with it.
        console: Where to.

    Raises:
        DataError: Another fan-out runs here, an experiment of such a name is there already, or git
            lacks files.
        ParameterError: A setting is none.
        TrainingError: A fold or another stage has failed; the other folds are kept.
        KeyboardInterrupt: It was stopped; nothing runs on, and how to go on was said.
    """
    say = partial(console.print, soft_wrap=True, highlight=False, markup=False)
    place = state_folder(FOLDER)
    with _alone(place / "lock"), interrupted_by_signals():
        try:
            share = _share(where)
            sites = _experiments(settings, prefix, share, place) if settings else [_own(share, say)]
            folds = [fold for site in sites for fold in site.prepare()]
            with Board(console, [fold.name for fold in folds]) as board:
                failures = _train(where, folds, place, board)
        except KeyboardInterrupt:
            say("stopped, nothing is left running; the same command goes on after the last epoch")
            raise
        if failures:
            done = len(folds) - len(failures)
            raise TrainingError(
                f"{', '.join(failures)} failed, as said above; the same command runs them again"
                f" ({done} of {len(folds)} folds are done and kept)"
            )
        pull = ["--pull"] if isinstance(where, Nodes) else []
        for site in sites:
            with _asked_of_the_run_cache([fold.stage for fold in folds if fold.site is site]):
                _finish(site, pull)


def _train(
    where: int | Nodes, folds: Sequence[Fold], place: Path, board: Board
) -> Mapping[str, str]:
    """Train them; why some have failed, by name."""
    if isinstance(where, int):
        return train_here(folds, where, place, board)
    from saltseg.fanout.on_ray import train_on

    return train_on(where, folds, place, board)


def _own(share: int | None, say: "partial[None]") -> Site:
    """The workspace; where params.yaml leaves threads open, it says how many from now on."""
    if share:
        with modify_yaml(PARAMS) as params:
            params["train"]["threads"] = share
        say(
            f"train.threads: {share} in params.yaml from now on (results depend on it: folds"
            " trained with another number are trained again)"
        )
    return Site(WORKSPACE, Path.cwd())


def _experiments(
    settings: Sequence[str], prefix: str, share: int | None, place: Path
) -> list[Site]:
    """A copy of the workspace for each experiment."""
    wanted = named_sweep(settings, prefix)
    with Repo() as repo:  # those of this commit: experiments of others may have the same names
        known = {name for own in repo.experiments.ls().values() for name, _ in own}
    if there := [name for name in wanted if name in known]:
        raise DataError(
            f"there is an experiment {there[0]} already; `dvc exp remove {there[0]}`, or let the"
            " new names begin with another word: --name"
        )
    if share and not any(one.startswith("train.threads=") for one in settings):
        wanted = {k: (*v, f"train.threads={share}") for k, v in wanted.items()}
    commit = snapshot(Path.cwd())
    return [
        copy_workspace(name, overrides, commit, place / "copies")
        for name, overrides in wanted.items()
    ]


def _share(where: int | Nodes) -> int | None:
    """Threads of each training; None where params.yaml says, or each may have all cores."""
    if where == 1 or load_params().train.threads:
        return None
    return where.cpus if isinstance(where, Nodes) else max(1, int(joblib.cpu_count()) // where)


def _finish(site: Site, pull: Sequence[str]) -> None:
    """Score and show what is trained."""
    if site.name == WORKSPACE:
        site.dvc("repro", *pull)
        return
    home, settings = Site(WORKSPACE, Path.cwd()), [f"-S{one}" for one in site.overrides]
    home.dvc("exp", "run", *pull, "--temp", "-n", site.name, *settings)
    site.remove()


@contextmanager
def _asked_of_the_run_cache(trained: Sequence[str]) -> Iterator[None]:
    """Take what was trained just now out of the workspace's dvc.lock, until DVC puts it back.

    For a stage with the command, dependencies and parameters that dvc.lock has, DVC looks for the
    bytes named there and no others: where they are another CPU's, and nowhere to be had, it would
    train again what its run cache holds.
    """
    before = LOCK.read_bytes() if LOCK.exists() else b""
    if before:
        with modify_yaml(LOCK) as lock:
            for stage in trained:
                lock["stages"].pop(stage, None)
    without = LOCK.read_bytes() if before else b""
    try:
        yield
    finally:
        if before and LOCK.read_bytes() == without:  # an experiment writes a dvc.lock of its own
            LOCK.write_bytes(before)


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    try:
        with FileLock(lock).acquire(timeout=0):
            yield
    except Timeout:
        raise DataError("another fan-out runs here; wait for its end") from None
