"""Find the model that a name means: files, a DVC experiment, a commit, or a run of MLflow."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import TYPE_CHECKING

from saltseg.errors import DataError, SaltsegError, WeightsError
from saltseg.files import staged_folder
from saltseg.inference.files import (
    FACTS,
    copy_model,
    load_models,
    open_models,
    read_facts,
    read_folder,
)
from saltseg.inference.model import Facts, KnownModel, SaltModel
from saltseg.machine import Precision
from saltseg.root import WORKSPACE
from saltseg.training.runtime import import_engine

if TYPE_CHECKING:
    from saltseg.runs.outputs import Outputs

_OTHER = "; or name another run, or a model's files"


def load(
    run_or_folder: str | Path = WORKSPACE,
    repeatable: bool = False,
    precision: Precision = "float32",
) -> SaltModel:
    """Load a trained model.

    Args:
        run_or_folder: `workspace`, a DVC experiment or commit, a run of MLflow by id, name or
            backbone, a model of its registry (`models:/NAME/VERSION`); or a folder of folds, or an
            ONNX file. A folder goes before a run of its name, but for `workspace`.
        repeatable: Fix threads and the order of sums, so that the same pictures give the same
            bytes; only before Keras has computed anything in this process.
        precision: What the networks compute in, whatever they were trained in; not for ONNX files.

    Returns:
        A model whose `predict` takes pictures, (N, H, W) uint8, of any size.

    Raises:
        SaltsegError: There is no such run, or its networks are lost or damaged; the text says how
            to restore them.
    """
    path = Path(run_or_folder)
    in_files = path.suffix == ".onnx" or path.is_dir()
    if isinstance(run_or_folder, Path) or (in_files and run_or_folder not in ("", WORKSPACE)):
        return load_models(path, repeatable, precision)
    return load_run(run_or_folder, repeatable, precision)


def load_run(run: str, repeatable: bool = False, precision: Precision = "float32") -> SaltModel:
    """Load the model of a run, whatever folder has its name; see `load`.

    Args:
        run: As in `load`, no file.
        repeatable: As there.
        precision: As there.

    Raises:
        SaltsegError: As there.
    """
    with model_folder(run) as folder:
        return load_models(folder, repeatable, precision)


@contextmanager
def open_model(
    run: str, models: Path | None, precision: Precision = "float32"
) -> Iterator[KnownModel]:
    """Find a model whose networks are loaded only when they are asked for, in this context.

    Args:
        run: As in `load`, no file.
        models: A folder of folds, or an ONNX file, in place of a run.
        precision: As in `load`.

    Yields:
        A model that repeats to the byte.

    Raises:
        SaltsegError: There is no such model.
    """
    with nullcontext(models) if models else model_folder(run) as folder:
        yield open_models(folder, repeatable=True, precision=precision)


def export_model(run: str, models: Path | None, out: Path | None, onnx: Path | None) -> list[Path]:
    """Write a model outside of the repository.

    Args:
        run: As in `load`, no file.
        models: A folder of folds in place of a run.
        out: Folder to write weights and settings to; None for none.
        onnx: ONNX file to write; None for none.

    Returns:
        What was written.

    Raises:
        SaltsegError: There is no such model, or nothing or something existing is to be written.
    """
    if not (out or onnx):
        raise DataError("nothing to write; name a folder with --out or a file with --onnx")
    if out and out.exists():
        raise DataError(f"{out}: exists; name a new folder, or remove it")
    if onnx and (onnx.exists() or onnx.suffix != ".onnx"):
        raise DataError(f"{onnx}: exists, or does not end in .onnx; name a new file that does")
    with nullcontext(models) if models else model_folder(run) as folder:
        blueprint, weights = read_folder(folder)
        facts = read_facts(folder)
        if onnx:
            import_engine()
            from saltseg.inference.onnx import export_onnx

            export_onnx(weights, blueprint, facts, onnx)
        if out:
            with staged_folder(out) as staging:
                copy_model(blueprint, weights, facts, staging)
    return [path for path in (out, onnx) if path]


@contextmanager
def model_folder(run: str) -> Iterator[Path]:
    """A folder with the networks of a run: its folds, and `model.json` with its threshold.

    Args:
        run: As in `load`, no file.

    Raises:
        SaltsegError: As in `load`.
    """
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        if run.startswith("models:/"):
            from saltseg.tracking.registered import fetch_registered

            yield fetch_registered(run, folder)
            return
        yield _lay_out(run, folder)


def _lay_out(run: str, folder: Path) -> Path:
    from saltseg.runs.models import lay_out
    from saltseg.runs.outputs import LostError

    model = folder / "model"
    try:
        found = find_run(run, _OTHER)
        lay_out(found, model)
    except LostError as error:
        raise WeightsError(_elsewhere(run, error.lost) or str(error)) from None
    facts = Facts(
        name=found.title,
        threshold=found.threshold,
        key=found.key,
        map_iou=found.summary["map_iou"]["mean"],
        chosen=found.chosen,
        dataset=found.params.get("dataset"),
        tiles=found.learnt_tiles,
    )
    (model / FACTS).write_text(facts.model_dump_json(indent=1) + "\n")
    return model


def _elsewhere(run: str, lost: str) -> str | None:
    """Where else the networks of a run are that DVC's cache has lost."""
    from saltseg.tracking.registered import registered
    from saltseg.tracking.uri import store_exists

    uri = None
    # What is lost is the error; this is help.
    with suppress(SaltsegError):
        uri = registered(run) if store_exists() else None
    return uri and f"{lost}; MLflow's registry holds the same networks: name {uri} as the run"


def find_run(run: str, other: str = "") -> "Outputs":
    """What a run left, found by any name but one of MLflow's registry.

    Args:
        run: As in `load`, no file.
        other: What else may be named, added to a message about what DVC knows.

    Raises:
        WeightsError: There is no such run, or it has not been evaluated as it asks.
    """
    # DVC and MLflow take seconds to import, which a model in files need not pay.
    from saltseg.runs.outputs import NotEvaluatedError
    from saltseg.runs.revisions import recorded

    try:
        outputs = recorded(run)
    except DataError as error:
        if run == WORKSPACE:
            raise WeightsError(f"{error}{other}") from None
        not_of_dvc = error
    else:
        try:
            outputs.check_evaluated()
        except NotEvaluatedError as error:
            raise WeightsError(f"{error}{other}") from None
        return outputs
    from saltseg.tracking.lookup import find_shown

    try:
        return find_shown(run)
    except DataError as error:
        raise WeightsError(f"no run '{run}': {not_of_dvc}; {error}") from None
