"""What one run of the pipeline left: in the workspace, or in a DVC experiment."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property, reduce
from io import BytesIO
from operator import getitem
from pathlib import Path
from typing import Any

import pandas as pd
from dvc.api import DVCFileSystem
from dvc.exceptions import DvcException
from dvc.repo import Repo
from fsspec import AbstractFileSystem
from fsspec.implementations.dirfs import DirFileSystem
from fsspec.implementations.local import LocalFileSystem
from ruamel.yaml import YAML
from scmrepo.exceptions import SCMError

from saltseg.errors import DataError
from saltseg.records.keys import experiment_key, fold_key, locked_inputs, read_lock
from saltseg.records.provenance import Origin, current_origin


class NotEvaluatedError(DataError):
    """There is no evaluation of what params.yaml asks for, or not any more."""


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

    def read(self, path: str) -> bytes:
        """Content of a file.

        Raises:
            DataError: It is missing, from DVC's cache too.
        """
        try:
            content: bytes = self.files.cat_file(path)
        except (OSError, DvcException) as error:
            raise DataError(
                f"{self.name}: {path} is missing ({error}); run `dvc repro`, or `dvc fetch` "
                "where a remote holds it"
            ) from None
        return content

    def table(self, path: str) -> pd.DataFrame:
        """Content of a CSV file; ids stay text."""
        return pd.read_csv(BytesIO(self.read(path)), dtype={"id": str})

    @cached_property
    def params(self) -> dict[str, Any]:
        """The parameters as they stand in params.yaml."""
        tree: dict[str, Any] = YAML(typ="safe").load(self.read("params.yaml").decode())
        return tree

    @cached_property
    def lock(self) -> dict[str, Any]:
        """The stages of dvc.lock that these outputs come from; it may hold others, from before."""
        stages = read_lock(self.read("dvc.lock").decode())
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
        if "dvc.lock" not in {Path(path).name for path in self.files.ls("", detail=False)}:
            raise NotEvaluatedError(f"{self.name}: nothing has run yet; run `dvc repro`")
        locked = self.lock.get("evaluate", {}).get("params", {}).get("params.yaml", {})
        wanted = ("backbone", "train.folds", "evaluate")
        asked = {name: reduce(getitem, name.split("."), self.params) for name in wanted}
        trained = all(f"train@{self.backbone}-{fold}" in self.lock for fold in self.folds)
        if not trained or {name: locked.get(name) for name in wanted} != asked:
            raise NotEvaluatedError(
                f"{self.name}: not evaluated as params.yaml asks; run `dvc repro`"
            )
        if self.changed:
            raise NotEvaluatedError(f"{self.name}: changed since it was evaluated; run `dvc repro`")


def here() -> Outputs:
    """Outputs in the current folder, as a stage sees them."""
    return Outputs("workspace", current_origin(), DirFileSystem(".", LocalFileSystem()))


def workspace() -> Outputs:
    """Outputs of the workspace.

    Raises:
        DataError: There is no pipeline here.
    """
    with _one_line_dvc_errors(), Repo() as repo:
        return replace(here(), changed=bool(repo.status(targets=["evaluate"])))


def experiments() -> list[Outputs]:
    """Outputs of every DVC experiment of this repository, oldest baseline first."""
    with _one_line_dvc_errors(), Repo() as repo:
        listed: Mapping[str, list[tuple[str, str]]] = repo.experiments.ls(all_commits=True)
        return [
            Outputs(name, Origin(baseline, name), DVCFileSystem(repo.root_dir, rev=commit))
            for baseline, of_baseline in listed.items()
            for name, commit in sorted(of_baseline)
        ]


@contextmanager
def _one_line_dvc_errors() -> Iterator[None]:
    try:
        yield
    except (DvcException, SCMError) as error:
        raise DataError(f"{' '.join(str(error).split())}; run this where dvc.yaml is") from None
