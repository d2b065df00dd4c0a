"""What one run of the pipeline left: in the workspace, or in a DVC experiment."""

import json
from dataclasses import dataclass
from functools import cached_property, reduce
from io import BytesIO
from operator import getitem
from typing import Any

import pandas as pd
from dvc.exceptions import DvcException
from dvc_data.index.index import DataIndexDirError
from fsspec import AbstractFileSystem

from saltseg.errors import DataError
from saltseg.runs.keys import experiment_key, fold_key, locked_inputs
from saltseg.runs.lock import read_lock, read_params
from saltseg.runs.provenance import Origin

AGAIN = "`dvc pull` brings it back where a remote holds it, else `dvc repro` makes it anew"


class NotEvaluatedError(DataError):
    """There is no evaluation of what params.yaml asks for, or not any more."""


class LostError(DataError):
    """A file of a past run is not in DVC's cache any more.

    Attributes:
        lost: Which one, of which run.
    """

    def __init__(self, lost: str, restore: str) -> None:
        """Say what is lost and how to get it back."""
        super().__init__(f"{lost}; {restore}")
        self.lost = lost


@dataclass(frozen=True)
class Outputs:
    """Outputs of the pipeline, wherever DVC keeps them.

    Attributes:
        name: What messages call them: `workspace`, or the experiment's name.
        origin: Commit and experiment.
        files: File system on which `dvc.lock` lies at the top.
        changed: Whether they have changed since DVC recorded them.
    """

    name: str
    origin: Origin
    files: AbstractFileSystem
    changed: bool = False

    def has(self, path: str) -> bool:
        """Whether a file is there, or in DVC's cache."""
        return bool(self.files.exists(path))

    def read(self, path: str) -> bytes:
        """Content of a file.

        Raises:
            LostError: It is missing, from DVC's cache too.
        """
        try:
            content: bytes = self.files.cat_file(path)
        except (OSError, DvcException, DataIndexDirError) as error:
            raise LostError(f"{self.name}: {path} is missing ({error})", self.restore) from None
        return content

    @property
    def restore(self) -> str:
        """What to do where files are lost, from DVC's cache too."""
        experiment = self.origin.experiment
        return f"`dvc exp apply {experiment}`, then {AGAIN}" if experiment else AGAIN

    def table(self, path: str) -> pd.DataFrame:
        """Content of a CSV file; ids stay text."""
        return pd.read_csv(BytesIO(self.read(path)), dtype={"id": str})

    @cached_property
    def params(self) -> dict[str, Any]:
        """The parameters as they stand in params.yaml."""
        return read_params(self.read("params.yaml"), f"{self.name}: params.yaml")

    @cached_property
    def lock(self) -> dict[str, Any]:
        """The stages of dvc.lock that these outputs come from; it may hold others, from before."""
        stages = read_lock(self.read("dvc.lock"), f"{self.name}: dvc.lock")
        trained = [f"train@{self.backbone}-{fold}" for fold in self.folds]
        return {
            name: stage
            for name, stage in stages.items()
            if name in trained or not name.startswith(("train@", "track"))
        }

    @property
    def backbone(self) -> str:
        """Name of the backbone."""
        return str(self.params["backbone"])

    @property
    def folds(self) -> list[int]:
        """The folds trained and scored."""
        return list(self.params["train"]["folds"])

    @property
    def summary(self) -> dict[str, Any]:
        """Scores over folds."""
        found: dict[str, Any] = json.loads(self.read("metrics/summary.json"))
        return found

    def history(self, fold: int) -> pd.DataFrame:
        """Learning curves of a fold, a row per epoch."""
        return self.table(f"models/{self.backbone}/fold-{fold}/history.csv")

    def engine(self, fold: int) -> dict[str, str]:
        """Names and versions of what computed a fold."""
        found: dict[str, str] = json.loads(
            self.read(f"models/{self.backbone}/fold-{fold}/engine.json")
        )
        return found

    @cached_property
    def fold_keys(self) -> dict[int, str]:
        """Key of each fold."""
        stages = {fold: self.lock[f"train@{self.backbone}-{fold}"] for fold in self.folds}
        return {
            fold: fold_key(fold, locked_inputs(stage), self.engine(fold))
            for fold, stage in stages.items()
        }

    @property
    def key(self) -> str:
        """Key of the whole cross-validation."""
        return experiment_key(list(self.fold_keys.values()), locked_inputs(self.lock["evaluate"]))

    @property
    def results(self) -> dict[str, str]:
        """Digests of what evaluate wrote, by path."""
        return {out["path"]: out["md5"] for out in self.lock["evaluate"]["outs"]}

    def check_evaluated(self) -> None:
        """Make sure that dvc.lock records an evaluation of what params.yaml asks for.

        Raises:
            NotEvaluatedError: It does not, or the outputs have changed since.
        """
        if not self.has("dvc.lock"):
            raise NotEvaluatedError(f"{self.name}: nothing has run yet; run `dvc repro`")
        try:
            # Every stage, not evaluate alone: a parameter of training may have been edited since.
            same = all(
                reduce(getitem, name.split("."), self.params) == value
                for stage in self.lock.values()
                for name, value in stage.get("params", {}).get("params.yaml", {}).items()
            )
            trained = all(f"train@{self.backbone}-{fold}" in self.lock for fold in self.folds)
            # What every reader of outputs takes from there besides.
            _ = self.params["tracking"]["experiment"], self.params["evaluate"]["threshold"]
        except (KeyError, TypeError):
            raise NotEvaluatedError(
                f"{self.name}: its params.yaml is not of this version; check out the commit it "
                "belongs to, or run `dvc repro`"
            ) from None
        if not (same and trained and "evaluate" in self.lock):
            raise NotEvaluatedError(
                f"{self.name}: not evaluated as params.yaml asks; run `dvc repro`"
            )
        if self.changed:
            raise NotEvaluatedError(
                f"{self.name}: outputs are missing or have changed since they were evaluated; "
                "run `dvc repro`"
            )
