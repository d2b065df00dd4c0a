"""The runs to compare: checked against each other, read from the store."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.entities import Run

from saltseg.comparison.networks import Contestant, Cost
from saltseg.errors import DataError
from saltseg.report.tables import NOT_RECORDED
from saltseg.runs.lock import read_lock, read_params
from saltseg.scoring.scores import DECIDING
from saltseg.tiles.survey import read_table
from saltseg.tracking.store import flatten

_ENVIRONMENT = (
    "initial_weights_digest",
    "engine",
    "engine_version",
    "engine_options",
    "keras_version",
    "numpy_version",
    "opencv_version",
    "device",
    "threads",
)
_RENAMED = {"preprocess.size": "preprocess.side"}
"""Parameters by the names that older commits gave them."""

_ANEW = "delete the run, then `saltseg track --all` writes it anew"


@dataclass(frozen=True)
class TrackedRun:
    """The run of a cross-validation, with what it logged.

    Attributes:
        run: As MLflow knows it.
        folder: Its artifacts, on this machine.
    """

    run: Run
    folder: Path

    @property
    def name(self) -> str:
        """Name of the run."""
        return str(self.run.info.run_name)

    @property
    def lock(self) -> dict[str, Any]:
        """Stages of its dvc.lock.

        Raises:
            DataError: It is damaged.
        """
        path = self.folder / "dvc.lock"
        return read_lock(path.read_bytes(), f"{path.name} of run {self.name}", _ANEW)

    @cached_property
    def params(self) -> dict[str, Any]:
        """Its parameters.

        Raises:
            DataError: They are damaged.
        """
        path = self.folder / "params.yaml"
        return read_params(path.read_bytes(), f"{path.name} of run {self.name}", _ANEW)

    @cached_property
    def tiles(self) -> pd.DataFrame:
        """Scores of its out-of-fold tiles."""
        return self._scores("tiles.csv")

    @cached_property
    def holdout(self) -> pd.DataFrame:
        """Scores of its hold-out; runs of older commits have none."""
        if not (self.folder / "holdout.csv").exists():
            return pd.DataFrame({"id": []})
        return self._scores("holdout.csv")

    def _scores(self, name: str) -> pd.DataFrame:
        """A table of tile scores, which must be the one that was evaluated.

        Raises:
            DataError: It has been damaged or changed since.
        """
        path = self.folder / name
        outs = {out["path"]: out["md5"] for out in self.lock["evaluate"]["outs"]}
        found = hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
        if found != outs.get(f"metrics/{name}"):
            raise DataError(f"{name} of run {self.name} is not what its dvc.lock records; {_ANEW}")
        return self._table(name, ("id", "fold", "coverage_class", DECIDING.name))

    def _table(self, name: str, columns: Sequence[str]) -> pd.DataFrame:
        """A table of its artifacts.

        Raises:
            DataError: It is damaged, or of a commit that did not record all of the columns.
        """
        table = read_table(self.folder / name, columns[:2])
        if missing := [column for column in columns if column not in table]:
            raise DataError(
                f"{name} of run {self.name} holds no {', '.join(missing)}, which its commit did not"
                " record yet; compare runs that do, or check that commit out"
            )
        return table

    def contestant(self, label: str) -> Contestant:
        """What the comparison needs to know of it."""
        metrics = self.run.data.metrics
        curves = ("fold", "epoch", f"val_{DECIDING.name}")
        parameters = metrics.get("parameters")
        return Contestant(
            label=label,
            tiles=self.tiles,
            curves=self._table("curves_folds.csv", curves),
            n_splits=int(self.params["split"]["n_splits"]),
            holdout=self.holdout,
            cost=Cost(
                parameters=None if parameters is None else int(parameters),
                gflops=metrics.get("gflops"),
                epoch_seconds=metrics.get("epoch_seconds"),
                peak_memory_mib=metrics.get("peak_memory_mib"),
            ),
        )

    def settings(self) -> dict[str, str]:
        """All that may differ between two runs: parameters, code, weights, engine."""
        params = {k: v for k, v in self.params.items() if k != "tracking"}
        tags = self.run.data.tags
        return {
            **{_RENAMED.get(name, name): str(value) for name, value in flatten(params).items()},
            **{name: tags[name] for name in _ENVIRONMENT if name in tags},
            **_code(self.lock),
        }


def labels(runs: Sequence[TrackedRun]) -> list[str]:
    """The runs' names, with ids where names repeat."""
    names = [one.name for one in runs]
    return [
        f"{one.name} {one.run.info.run_id[:6]}" if names.count(one.name) > 1 else one.name
        for one in runs
    ]


def obstacles(runs: Sequence[TrackedRun]) -> list[str]:
    """Reasons why scores of these runs cannot be compared tile by tile; empty where they can."""
    found = []
    for what, values in (
        ("data", [_digest(one, "data_digest") for one in runs]),
        ("folds", [_digest(one, "folds_digest") for one in runs]),
        ("scored folds", [str(sorted(set(one.tiles["fold"]))) for one in runs]),
    ):
        if len(set(values)) > 1:
            shown = ", ".join(
                f"{one.name}: {value}" for one, value in zip(runs, values, strict=True)
            )
            found.append(f"the {what} differ ({shown})")
    if not found and len({frozenset(one.tiles["id"]) for one in runs}) > 1:
        found.append("the scored tiles differ")
    return found


def _digest(one: TrackedRun, tag: str) -> str:
    """The beginning of a digest: the whole would tell people no more."""
    digest = one.run.data.tags.get(tag)
    return str(digest)[:8] if digest else NOT_RECORDED


def differing(runs: Sequence[TrackedRun]) -> list[tuple[str, tuple[str, ...]]]:
    """Settings that are not the same in all runs, each with its value in every run."""
    settings = [one.settings() for one in runs]
    names = sorted({name for each in settings for name in each}, key=_backbone_first)
    rows = [
        (name, tuple(each.get(name, "none" if "/" in name else NOT_RECORDED) for each in settings))
        for name in names
    ]
    return [(name, values) for name, values in rows if len(set(values)) > 1]


def _backbone_first(name: str) -> tuple[bool, bool, str]:
    return name != "backbone", "/" in name, name


def _code(lock: Mapping[str, Any]) -> dict[str, str]:
    """Digests of the code files that the pipeline's stages depend on."""
    deps = [dep for stage in lock.values() for dep in stage.get("deps", [])]
    return {
        dep["path"]: dep["md5"][:8] for dep in deps if dep["path"].startswith(("src/", "stages/"))
    }
