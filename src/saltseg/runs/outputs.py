"""What one run of the pipeline left: in the workspace, in a DVC experiment, or in MLflow."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from io import BytesIO
from operator import getitem, or_
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
from dvc.exceptions import DvcException
from dvc_data.index.index import DataIndexDirError

from saltseg.errors import DataError
from saltseg.runs.keys import experiment_key, fold_key, locked_inputs
from saltseg.runs.lock import MEND, read_lock, read_params
from saltseg.runs.provenance import Origin
from saltseg.scoring.choices import Choice
from saltseg.scoring.scores import DECIDING
from saltseg.tiles.folds.table import HOLDOUT, divisions
from saltseg.tiles.survey import read_table

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


def run_title(backbone: str, experiment: str | None) -> str:
    """What people call a run: its backbone and experiment; `vgg16-wide` says both itself."""
    if experiment is None:
        return backbone
    named = f"{experiment}-".startswith(f"{backbone}-")
    return experiment if named else f"{backbone} {experiment}"


class Files(Protocol):
    """Where files are read from, by their paths in the project: a file system of fsspec, say."""

    def exists(self, path: str) -> bool:
        """Whether a file is there."""

    def cat_file(self, path: str) -> bytes:
        """Content of a file.

        Raises:
            OSError: It is missing.
        """


@dataclass(frozen=True)
class Outputs:
    """Outputs of the pipeline, whoever keeps them.

    Attributes:
        name: What messages call them: `workspace`, or the experiment's name.
        origin: Commit and experiment.
        files: Of the project, with `dvc.lock` at the top.
        changed: Whether they have changed since DVC recorded them.
    """

    name: str
    origin: Origin
    files: Files
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

    @property
    def mend(self) -> str:
        """What to do where a file is damaged."""
        return MEND

    @property
    def title(self) -> str:
        """Backbone and experiment: what people call the run."""
        return run_title(self.backbone, self.origin.experiment)

    def table(self, path: str) -> pd.DataFrame:
        """Content of a CSV file; ids stay text."""
        return pd.read_csv(BytesIO(self.read(path)), dtype={"id": str})

    @cached_property
    def params(self) -> dict[str, Any]:
        """The parameters as they stand in params.yaml."""
        return read_params(self.read("params.yaml"), f"{self.name}: params.yaml", self.mend)

    @cached_property
    def lock(self) -> dict[str, Any]:
        """The stages of dvc.lock that these outputs come from; it may hold others, from before."""
        stages = read_lock(self.read("dvc.lock"), f"{self.name}: dvc.lock", self.mend)
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
    def threshold(self) -> float:
        """Probability above which its evaluation counted a pixel as salt."""
        return float(self.params["evaluate"]["threshold"])

    @property
    def chosen(self) -> Choice | None:
        """What scored best of all that was tried out of fold; None in older runs."""
        best = self.summary.get("post_processing", {}).get("best_choice")
        return best and Choice(**best)

    @property
    def flip(self) -> bool:
        """Whether its scores are those of predictions of tiles and of their mirror images."""
        return bool(self.params["evaluate"].get("flip", False))

    @property
    def learnt_tiles(self) -> int | None:
        """How many tiles its networks have learnt from, all together; None where that is lost."""
        try:
            parts = divisions(self.table("data/folds.csv"), self.folds)
        except DataError:
            return None
        # What one network holds out, the others of its division learn.
        learnt = [
            (part["fold"] != HOLDOUT) & ((part["fold"] != own[0]) | (len(own) > 1))
            for part, own in parts
        ]
        return int(reduce(or_, learnt).sum())

    @cached_property
    def tiles(self) -> pd.DataFrame:
        """Scores of out-of-fold tiles."""
        return self._scores("metrics/tiles.csv")

    @cached_property
    def holdout(self) -> pd.DataFrame:
        """Scores of the hold-out; runs of older commits have none."""
        if not self.has("metrics/holdout.csv"):
            return pd.DataFrame({"id": []})
        return self._scores("metrics/holdout.csv")

    def _scores(self, path: str) -> pd.DataFrame:
        """A table of tile scores, which must be the one that was evaluated.

        Raises:
            DataError: It has been damaged or changed since.
        """
        found = hashlib.md5(self.read(path), usedforsecurity=False).hexdigest()
        if found != self.results.get(path):
            raise DataError(f"{self.name}: {path} is not what its dvc.lock records; {self.mend}")
        return self.recorded(path, ("id", "fold", "coverage_class", DECIDING.name), ("id", "fold"))

    def recorded(
        self, path: str, columns: Sequence[str], unique: Sequence[str] = ("id",)
    ) -> pd.DataFrame:
        """A table with columns that an older commit may not have recorded.

        Args:
            path: Of the table.
            columns: The first two stand in that of every commit.
            unique: Columns that together tell the rows apart, where the table has ids.

        Raises:
            DataError: It is damaged, or lacks one of the columns.
        """
        where = f"{self.name}: {path}"
        table = read_table(Path(where), columns[:2], self.read(path), unique)
        if missing := [column for column in columns if column not in table]:
            raise DataError(
                f"{where} holds no {', '.join(missing)}, which its commit did not record yet;"
                " compare runs that do, or check that commit out"
            )
        return table

    @property
    def summary(self) -> dict[str, Any]:
        """All that evaluate says of scores; older commits kept it in their summary."""
        path = "metrics/details.json"
        found: dict[str, Any] = json.loads(
            self.read(path if self.has(path) else "metrics/summary.json")
        )
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
