"""The runs to compare: found by name, checked against each other, read from the store."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations
from pathlib import Path
from typing import Any

import pandas as pd
from mlflow.entities import Run

from saltseg.errors import DataError
from saltseg.records.lock import read_lock, read_params
from saltseg.scoring.comparison import Contestant, Cost
from saltseg.tiles.survey import read_table
from saltseg.tracking.store import Store, flatten

_ENVIRONMENT = (
    "initial_weights_digest",
    "engine",
    "engine_version",
    "keras_version",
    "numpy_version",
    "opencv_version",
    "device",
    "threads",
)
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
        if (
            hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()
            != outs[f"metrics/{name}"]
        ):
            raise DataError(f"{name} of run {self.name} is not what its dvc.lock records; {_ANEW}")
        return read_table(path, ("id",))

    def contestant(self, label: str) -> Contestant:
        """What the comparison needs to know of it."""
        metrics = self.run.data.metrics
        return Contestant(
            label=label,
            tiles=self.tiles,
            curves=read_table(self.folder / "curves_folds.csv", ("fold", "epoch")),
            n_splits=int(self.params["split"]["n_splits"]),
            holdout=self.holdout,
            cost=Cost(
                parameters=int(metrics["parameters"]),
                gflops=metrics["gflops"],
                epoch_seconds=metrics.get("epoch_seconds"),
                peak_memory_mib=metrics.get("peak_memory_mib"),
            ),
        )

    def settings(self) -> dict[str, str]:
        """All that may differ between two runs: parameters, code, weights, engine."""
        params = {k: v for k, v in self.params.items() if k != "tracking"}
        tags = self.run.data.tags
        return {
            **{name: str(value) for name, value in flatten(params).items()},
            **{name: tags[name] for name in _ENVIRONMENT if name in tags},
            **_code(self.lock),
        }


def choose(store: Store, names: Sequence[str], into: Path) -> list[TrackedRun]:
    """Find runs by id, run name, DVC experiment or backbone, the newest of several.

    Args:
        store: Where.
        names: Two or more; none for the newest two that share data and folds.
        into: Folder for the artifacts of runs that a server keeps.

    Raises:
        DataError: Nothing fits a name, or no two runs share data and folds.
    """
    runs = [run for run in store.find(kind="experiment") if run.info.status == "FINISHED"]
    if not runs:
        raise DataError("MLflow shows no finished run; run `dvc repro`, or `saltseg track --all`")
    chosen = [_named(runs, name) for name in names] if names else _newest_pair(runs)
    return [TrackedRun(run, _artifacts(store, run, into)) for run in chosen]


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
        ("data", [one.run.data.tags.get("data_digest") for one in runs]),
        ("folds", [one.run.data.tags.get("folds_digest") for one in runs]),
        ("scored folds", [str(sorted(set(one.tiles["fold"]))) for one in runs]),
    ):
        if len(set(values)) > 1:
            shown = ", ".join(
                f"{one.name}: {str(value)[:8]}" for one, value in zip(runs, values, strict=True)
            )
            found.append(f"the {what} differ ({shown})")
    if not found and len({frozenset(one.tiles["id"]) for one in runs}) > 1:
        found.append("the scored tiles differ")
    return found


def differing(runs: Sequence[TrackedRun]) -> list[tuple[str, tuple[str, ...]]]:
    """Settings that are not the same in all runs, each with its value in every run."""
    settings = [one.settings() for one in runs]
    names = sorted({name for each in settings for name in each}, key=_backbone_first)
    rows = [(name, tuple(each.get(name, "none") for each in settings)) for name in names]
    return [(name, values) for name, values in rows if len(set(values)) > 1]


def _backbone_first(name: str) -> tuple[bool, bool, str]:
    return name != "backbone", "/" in name, name


def _code(lock: Mapping[str, Any]) -> dict[str, str]:
    """Digests of the code files that the pipeline's stages depend on."""
    deps = [dep for stage in lock.values() for dep in stage.get("deps", [])]
    return {
        dep["path"]: dep["md5"][:8] for dep in deps if dep["path"].startswith(("src/", "stages/"))
    }


def _named(runs: list[Run], name: str) -> Run:
    def fits(run: Run) -> list[bool]:
        tags = run.data.tags
        is_id = bool(re.fullmatch("[0-9a-f]{6,32}", name)) and run.info.run_id.startswith(name)
        experiments = tags.get("dvc_experiment", "").split(", ")
        return [
            is_id,
            run.info.run_name == name,
            bool(name) and name in experiments,
            tags.get("backbone") == name,
        ]

    for position in range(4):
        for run in runs:
            if fits(run)[position]:
                return run
    known = ", ".join(dict.fromkeys(run.info.run_name for run in runs))
    raise DataError(
        f"MLflow shows no finished run, experiment or backbone '{name}'; it has {known}"
    )


def _newest_pair(runs: list[Run]) -> list[Run]:
    def shared(run: Run) -> tuple[str | None, ...]:
        digests = (run.data.tags.get(name) for name in ("data_digest", "folds_digest"))
        return (*digests, run.data.params.get("train.folds"))

    pairs = sorted(combinations(range(len(runs)), 2), key=max)
    for newer, older in pairs:
        if shared(runs[newer]) == shared(runs[older]):
            return [runs[older], runs[newer]]
    raise DataError(
        "MLflow shows no two finished runs with the same data and folds; make a second one, "
        "for instance with `dvc exp run --temp -S backbone=vgg16`"
    )


def _artifacts(store: Store, run: Run, into: Path) -> Path:
    folder = into / run.info.run_id
    folder.mkdir(exist_ok=True)
    needed = {"params.yaml", "dvc.lock", "tiles.csv", "curves_folds.csv"}
    missing = needed - store.files(run.info.run_id)
    if missing:
        raise DataError(
            f"{', '.join(sorted(missing))} of run {run.info.run_name} are gone; "
            "`saltseg track --all` writes them anew"
        )
    return Path(store.client.download_artifacts(run.info.run_id, "", str(folder)))
