"""Runs that are to be compared: what each brings along, and whether they can be."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlflow.entities import Run

from saltseg.comparison.networks import Contestant, Cost
from saltseg.report.tables import NOT_RECORDED
from saltseg.runs.outputs import Outputs
from saltseg.scoring.scores import DECIDING
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


@dataclass(frozen=True)
class ShownRun:
    """The run of a cross-validation that MLflow shows.

    Attributes:
        run: As MLflow knows it.
        outputs: What it left.
    """

    run: Run
    outputs: Outputs

    @property
    def name(self) -> str:
        """Name of the run."""
        return str(self.run.info.run_name)

    def contestant(self, label: str) -> Contestant:
        """What the comparison needs to know of it."""
        metrics = self.run.data.metrics
        curves = ("fold", "epoch", f"val_{DECIDING.name}")
        parameters = metrics.get("parameters")
        return Contestant(
            label=label,
            tiles=self.outputs.tiles,
            curves=self.outputs.recorded("metrics/curves_folds.csv", curves),
            n_splits=int(self.outputs.params["split"]["n_splits"]),
            holdout=self.outputs.holdout,
            cost=Cost(
                parameters=None if parameters is None else int(parameters),
                gflops=metrics.get("gflops"),
                epoch_seconds=metrics.get("epoch_seconds"),
                peak_memory_mib=metrics.get("peak_memory_mib"),
            ),
        )

    def settings(self) -> dict[str, str]:
        """All that may differ between two runs: parameters, code, weights, engine."""
        params = {k: v for k, v in self.outputs.params.items() if k != "tracking"}
        tags = self.run.data.tags
        return {
            **{_RENAMED.get(name, name): str(value) for name, value in flatten(params).items()},
            **{name: tags[name] for name in _ENVIRONMENT if name in tags},
            **_code(self.outputs.lock),
        }


def labels(runs: Sequence[ShownRun]) -> list[str]:
    """The runs' names, with ids where names repeat."""
    names = [one.name for one in runs]
    return [
        f"{one.name} {one.run.info.run_id[:6]}" if names.count(one.name) > 1 else one.name
        for one in runs
    ]


def obstacles(runs: Sequence[ShownRun]) -> list[str]:
    """Reasons why scores of these runs cannot be compared tile by tile; empty where they can."""
    found = []
    for what, values in (
        ("data", [_digest(one, "data_digest") for one in runs]),
        ("folds", [_digest(one, "folds_digest") for one in runs]),
        ("scored folds", [str(sorted(set(one.outputs.tiles["fold"]))) for one in runs]),
    ):
        if len(set(values)) > 1:
            shown = ", ".join(
                f"{one.name}: {value}" for one, value in zip(runs, values, strict=True)
            )
            found.append(f"the {what} differ ({shown})")
    if not found and len({frozenset(one.outputs.tiles["id"]) for one in runs}) > 1:
        found.append("the scored tiles differ")
    return found


def _digest(one: ShownRun, tag: str) -> str:
    """The beginning of a digest: the whole would tell people no more."""
    digest = one.run.data.tags.get(tag)
    return str(digest)[:8] if digest else NOT_RECORDED


def differing(runs: Sequence[ShownRun]) -> list[tuple[str, tuple[str, ...]]]:
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
