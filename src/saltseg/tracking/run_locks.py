"""Which runs are still being written, so that one whose process was killed can be closed."""

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout
from mlflow.entities import Run

from saltseg.root import project_root, state_folder
from saltseg.tracking.store import Store, store_errors


def writer_tags() -> dict[str, str]:
    """Tags of a run that is written live from this repository; its lock lies in no other."""
    return {"host": socket.gethostname(), "root": str(project_root())}


@contextmanager
def alive(open_run: Callable[[], str]) -> Iterator[str]:
    """Open a run and hold its lock; the system drops that with the process, however it ends.

    Args:
        open_run: Creates the run and returns its id.

    Yields:
        The id.
    """
    with _no_run_without_lock():
        run_id = open_run()
        lock = FileLock(_lock(run_id))
        lock.acquire()
    try:
        yield run_id
    finally:
        lock.release()
        _lock(run_id).unlink(missing_ok=True)


@store_errors()
def close_dead(store: Store) -> list[str]:
    """Close runs that were begun from here and that no process writes any more, as KILLED.

    Returns:
        Their names.
    """
    closed = []
    with _no_run_without_lock():
        for run in store.find(kind="fold", **writer_tags()):
            if _is_running(run) and _is_dead(run.info.run_id):
                # It may have ended well since the search; it says so before it drops the lock.
                run = store.client.get_run(run.info.run_id)
                if _is_running(run):
                    store.client.set_terminated(run.info.run_id, status="KILLED")
                    closed.append(run.info.run_name)
    return closed


def _is_running(run: Run) -> bool:
    return bool(run.info.status == "RUNNING")


def _no_run_without_lock() -> FileLock:
    return FileLock(state_folder() / "opening.lock")


def _is_dead(run_id: str) -> bool:
    path = _lock(run_id)
    try:
        with FileLock(path, timeout=0):
            pass
    except Timeout:
        return False
    path.unlink(missing_ok=True)
    return True


def _lock(run_id: str) -> Path:
    return state_folder("running") / f"{run_id}.lock"
