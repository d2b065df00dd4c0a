"""The trained networks of any run, laid out as a folder from which they can be loaded."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dvc.repo import Repo

from saltseg.errors import DataError
from saltseg.nets.blueprint import BLUEPRINT, WEIGHTS
from saltseg.runs.cache import cached
from saltseg.runs.outputs import LostError, Outputs


@dataclass(frozen=True)
class Trained:
    """What is known of a run whose networks are wanted.

    Attributes:
        name: What messages call it.
        params: Its params.yaml.
        lock: Stages of its dvc.lock.
        restore: What to do where DVC's cache has lost the networks.
        key: Of the cross-validation.
        map_iou: Mean competition metric over its folds.
    """

    name: str
    params: Mapping[str, Any]
    lock: Mapping[str, Any]
    restore: str
    key: str
    map_iou: float

    @property
    def threshold(self) -> float:
        """Probability above which its evaluation counted a pixel as salt."""
        return float(self.params["evaluate"]["threshold"])

    def lay_out(self, folder: Path) -> None:
        """Link the files of its networks, `fold-k/best.weights.h5` and `fold-k/blueprint.json`.

        Args:
            folder: Created where missing.

        Raises:
            LostError: DVC's cache does not hold them any more.
        """
        backbone = self.params["backbone"]
        with Repo() as repo:
            for fold in self.params["train"]["folds"]:
                own = folder / f"fold-{fold}"
                own.mkdir(parents=True)
                for name in (WEIGHTS, BLUEPRINT):
                    path = f"models/{backbone}/fold-{fold}/{name}"
                    try:
                        found = cached(repo, self.lock, path)
                    except DataError as error:
                        raise LostError(f"{self.name}: {error}", self.restore) from None
                    (own / name).symlink_to(found.resolve())


def trained(outputs: Outputs) -> Trained:
    """The networks of the workspace, of a DVC experiment or of a commit.

    Raises:
        DataError: It was not evaluated as its params.yaml asks.
    """
    outputs.check_evaluated()
    return Trained(
        name=f"{outputs.backbone} {outputs.origin.experiment or ''}".strip(),
        params=outputs.params,
        lock=outputs.lock,
        restore=outputs.restore,
        key=outputs.key,
        map_iou=float(outputs.summary["map_iou"]["mean"]),
    )
