"""Folds on the nodes of a Ray cluster, a task each; results come home by DVC's run cache."""

import os
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ray
from dvc.repo import Repo
from ray.exceptions import RayError, RayTaskError
from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

from saltseg.errors import DataError, EngineError
from saltseg.fanout.board import WATCHED, Board
from saltseg.fanout.copies import git, snapshot
from saltseg.fanout.sites import Fold, Nodes, Site
from saltseg.fanout.worker import Done, Order, own_machine, own_versions, train_there
from saltseg.training.states import State

POLL = 0.5
ATTEMPTS = 3
"""How often a fold is given to another node after the one it was on is lost."""

News = tuple[str, str, int, int, float]
"""Of a fold: its name, its node, epochs so far, of how many, and the score of the last one."""

PATIENCE = 60.0
"""Seconds that cancelled folds have to close their runs."""


def train_on(nodes: Nodes, folds: Sequence[Fold], folder: Path, board: Board) -> dict[str, str]:
    """Train folds on a cluster, and wait for their end.

    Args:
        nodes: Where.
        folds: All of them.
        folder: For what failed ones printed, a file each.
        board: Told how far they are.

    Returns:
        Why a fold has failed, by its name; the others are at the remote.

    Raises:
        DataError: There is no remote.
        EngineError: The cluster cannot be reached.
    """
    orders = _orders(nodes, folds)
    failures: dict[str, str] = {}
    with _connected(nodes.address):
        # Where this process is: on a node that is lost it would be lost, too.
        own = NodeAffinitySchedulingStrategy(ray.get_runtime_context().get_node_id(), soft=False)
        news = ray.remote(_News).options(num_cpus=0, scheduling_strategy=own).remote()
        tasks = {}
        for fold, (order, bundle) in orders.items():
            task = (
                ray.remote(_train)
                .options(
                    name=fold.name,
                    num_cpus=nodes.cpus,
                    num_gpus=nodes.gpus,
                    max_retries=ATTEMPTS,
                )
                .remote(order, bundle, int(fold.site.leaves["train.epochs"]), news)
            )
            tasks[task] = fold
        try:
            while tasks:
                ready, _ = ray.wait(list(tasks), timeout=POLL)
                _show(news, board)
                for task in ready:
                    fold = tasks.pop(task)
                    why = _ended(task, fold, folder, board)
                    board.end(fold.name, why)
                    if why:
                        failures[fold.name] = why
        finally:
            _cancel(list(tasks))
    return failures


class _News:
    """An actor that passes on how far folds are.

    Ray gives the cores of a task to another one while it waits for an answer: nodes wait for none.
    """

    def __init__(self) -> None:
        self._items: list[News] = []

    def put(self, item: News) -> None:
        self._items.append(item)

    def take(self) -> list[News]:
        taken, self._items = self._items, []
        return taken


def _train(order: Order, bundle: bytes, epochs: int, news: Any) -> Done:
    node = str(ray.util.get_node_ip_address())
    node += f" {ray.get_runtime_context().get_node_id()[:6]}"

    told = -1

    def tell(where: str, epochs: int, state: State) -> None:
        nonlocal told
        if len(state.rows) != told:
            told = len(state.rows)
            last = state.rows[-1].get(WATCHED, 0.0) if state.rows else 0.0
            news.put.remote((order.name, where, told, epochs, last))

    return train_there(order, bundle, node, epochs, tell)


def _orders(nodes: Nodes, folds: Sequence[Fold]) -> dict[Fold, tuple[Order, bytes]]:
    """What each fold's node is given; what it needs besides is pushed to the remote first."""
    orders: dict[Fold, tuple[Order, bytes]] = {}
    for site in dict.fromkeys(fold.site for fold in folds):
        _push(site)
        commit = snapshot(site.folder)
        bundle = _bundle(site.folder, commit)
        engine = str(site.leaves["train.engine"])
        for fold in folds:
            if fold.site is site:
                orders[fold] = (_order(nodes, fold, commit, own_versions(engine)), bundle)
    return orders


def _order(nodes: Nodes, fold: Fold, commit: str, versions: Mapping[str, str]) -> Order:
    forwarded = {k: v for k, v in os.environ.items() if k == "MLFLOW_TRACKING_URI"}
    if fold.site.overrides:
        forwarded["DVC_EXP_NAME"] = fold.site.name
    return Order(
        name=fold.name,
        stage=fold.stage,
        commit=commit,
        folder=git(fold.site.folder, "rev-parse", "--show-prefix") or ".",
        versions=versions,
        environment=forwarded,
        room=_room(fold.site.folder),
        keep=nodes.keep,
    )


def _room(folder: Path) -> int:
    """Bytes that a clone, its cache and a training need: three times what it is trained from."""
    data = sum(path.stat().st_size for path in (folder / "data").rglob("*") if path.is_file())
    return 3 * data + (1 << 30)


def _push(site: Site) -> None:
    with Repo(str(site.folder)) as repo:
        if not repo.config["core"].get("remote"):
            raise DataError(
                "no DVC remote, by which nodes get the data and give folds back; name one that all"
                " nodes reach: dvc remote add -d NAME URL"
            )
    site.dvc("push", "--quiet", *site.stages().before)


def _bundle(folder: Path, commit: str) -> bytes:
    """The commit and what it follows, as one file of git's."""
    name = "refs/saltseg/snapshot"
    git(folder, "update-ref", name, commit)
    try:
        made = subprocess.run(
            ("git", "bundle", "create", "--quiet", "-", name),
            cwd=folder,
            capture_output=True,
            check=True,
        )
    finally:
        git(folder, "update-ref", "-d", name)
    return made.stdout


@contextmanager
def _connected(address: str) -> Iterator[None]:
    try:
        ray.init(address=address, logging_level="ERROR", log_to_driver=False)
    except (ConnectionError, RayError, ValueError, RuntimeError) as error:
        reason = " ".join(str(error).split())
        raise EngineError(f"no Ray cluster at {address}: {reason}") from None
    try:
        yield
    finally:
        ray.shutdown()


def _show(news: Any, board: Board) -> None:
    for name, where, epoch, epochs, score in ray.get(news.take.remote()):
        board.begin(name, where)
        if epoch:
            board.see(name, epoch, epochs, score)


def _ended(task: Any, fold: Fold, folder: Path, board: Board) -> str:
    """Why a fold has failed; nothing where it has not."""
    try:
        done: Done = ray.get(task)
    except RayTaskError as error:
        return " ".join(str(error.cause).split())
    except RayError as error:
        return f"{' '.join(str(error).split())[:300]} (after {ATTEMPTS + 1} attempts)"
    if done.machine != own_machine():
        board.say(f"{fold.name}: trained on {done.machine}, where home is {own_machine()}")
    if not done.why:
        return ""
    log = folder / f"{fold.name}.log"
    log.write_text(done.log)
    return f"{done.why}; see {log}"


def _cancel(tasks: list[Any]) -> None:
    """End what runs still, as Ctrl-C would."""
    for task in tasks:
        ray.cancel(task)
    if tasks:
        ray.wait(tasks, num_returns=len(tasks), timeout=PATIENCE)
