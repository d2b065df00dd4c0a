"""Trained models in files: a folder of folds, or one ONNX file."""

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from saltseg.errors import DataError, WeightsError
from saltseg.files import digest_of
from saltseg.inference.model import Facts, KnownModel, SaltModel
from saltseg.machine import Precision
from saltseg.nets.blueprint import BLUEPRINT, WEIGHTS, Blueprint
from saltseg.settings import read_settings
from saltseg.training.runtime import import_engine, prepare_engine

FACTS = "model.json"
DEFAULT_THRESHOLD = 0.5


@dataclass(frozen=True, repr=False)
class StoredModel(KnownModel):
    """A folder of folds, whose networks wait.

    Attributes:
        weights: A file for each fold.
        repeatable: As in `open_models`.
        precision: As there.
    """

    weights: Sequence[Path]
    repeatable: bool
    precision: Precision

    def load(self) -> SaltModel:
        """Import Keras and build the networks."""
        if self.repeatable:
            prepare_engine(seed=0, threads=None)
        else:
            import_engine()
        from saltseg.inference.ensemble import ensemble, networks, networks_apart

        model = ensemble(self.blueprint, self.weights, self.precision)
        return SaltModel(
            self.blueprint,
            self.facts,
            self.digest,
            networks(model),
            networks_apart(model),
            members=self.members,
        )


def load_models(
    path: Path, repeatable: bool = False, precision: Precision = "float32"
) -> SaltModel:
    """Load a model from files; as `open_models`, networks and all."""
    return open_models(path, repeatable, precision).load()


def open_models(
    path: Path, repeatable: bool = False, precision: Precision = "float32"
) -> KnownModel:
    """Read what there is to know of a model, without Keras, which takes seconds to import.

    Args:
        path: A folder with `fold-k/best.weights.h5` and `fold-k/blueprint.json` of one or several
            folds, such as models/BACKBONE or one from `saltseg export`; or an ONNX file of those.
        repeatable: Fix threads and the order of sums, so that the same pictures give the same
            bytes; only before Keras has computed anything in this process.
        precision: What the networks compute in, whatever they were trained in.

    Raises:
        DataError: An ONNX file in another precision than it was written in.
        WeightsError: There is no such model, or its files are damaged or do not belong together.
    """
    if path.suffix == ".onnx":
        if precision != "float32":
            raise DataError(f"{path}: computes in float32; for {precision} name a run or a folder")
        from saltseg.inference.onnx import load_onnx

        return load_onnx(path)
    blueprint, weights = read_folder(path)
    facts = read_facts(path)
    for lost in (file for file in weights if not file.is_file()):
        raise WeightsError(
            f"{lost}: not the weights of this network (no such file); copy the whole folder of the"
            " fold again, or `dvc repro`"
        )
    text = blueprint.model_dump_json() + ("" if precision == "float32" else precision)
    digest = digest_of(weights, text)
    return StoredModel(
        blueprint, facts, digest, weights, repeatable, precision, members=len(weights)
    )


def read_folder(folder: Path) -> tuple[Blueprint, list[Path]]:
    """The common blueprint and the weights file of each fold.

    Raises:
        WeightsError: No folds are there, or they are of different networks.
    """
    folds = sorted(folder.glob("fold-*"), key=lambda path: (len(path.name), path.name))
    if not folds:
        raise WeightsError(
            f"{folder}: no trained model; expected fold-0, fold-1, ... as in models/BACKBONE, or a"
            " file that ends in .onnx"
        )
    blueprints = [Blueprint.read(fold / BLUEPRINT) for fold in folds]
    for fold, blueprint in zip(folds, blueprints, strict=True):
        if blueprint != blueprints[0]:
            raise WeightsError(
                f"{fold} and {folds[0]} are of different networks, which cannot predict together;"
                " move one of them away"
            )
    return blueprints[0], [fold / WEIGHTS for fold in folds]


def read_facts(folder: Path) -> Facts:
    """What `saltseg export` wrote beside the folds; the default threshold where it did not."""
    path = folder / FACTS
    if not path.exists():
        return Facts(name=folder.resolve().name, threshold=DEFAULT_THRESHOLD)
    return read_settings(path, Facts, WeightsError, "; export the model again")


def copy_model(blueprint: Blueprint, weights: Sequence[Path], facts: Facts, folder: Path) -> None:
    """Write a folder that `load_models` reads, with none of what only a pipeline needs.

    Args:
        blueprint: Of each network.
        weights: A file for each fold.
        facts: Name and threshold.
        folder: An empty one.
    """
    for path in weights:
        own = folder / path.parent.name
        own.mkdir()
        shutil.copyfile(path, own / WEIGHTS)
        (own / BLUEPRINT).write_text(blueprint.model_dump_json(indent=1) + "\n")
    (folder / FACTS).write_text(facts.model_dump_json(indent=1) + "\n")
