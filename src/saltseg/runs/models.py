"""The trained networks of a run, laid out as a folder from which they can be loaded."""

from pathlib import Path

from dvc.repo import Repo

from saltseg.errors import DataError
from saltseg.nets.blueprint import BLUEPRINT, WEIGHTS
from saltseg.runs.cache import cached
from saltseg.runs.outputs import LostError, Outputs


def lay_out(run: Outputs, folder: Path) -> None:
    """Link the files of a run's networks, `fold-k/best.weights.h5` and `fold-k/blueprint.json`.

    Args:
        run: Whose; DVC's cache must hold them, whoever shows the run.
        folder: Created where missing.

    Raises:
        LostError: DVC's cache does not hold them any more.
    """
    with Repo() as repo:
        for fold in run.folds:
            own = folder / f"fold-{fold}"
            own.mkdir(parents=True)
            for name in (WEIGHTS, BLUEPRINT):
                path = f"models/{run.backbone}/fold-{fold}/{name}"
                try:
                    found = cached(repo, run.lock, path)
                except DataError as error:
                    raise LostError(f"{run.title}: {error}", run.restore) from None
                (own / name).symlink_to(found.resolve())
