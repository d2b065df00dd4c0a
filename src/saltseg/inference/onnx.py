"""Models as ONNX files, which run without Keras; metadata says what input they take."""

import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import onnxruntime

from saltseg.array_types import Bytes
from saltseg.errors import WeightsError
from saltseg.files import digest_of, staged_file
from saltseg.inference.model import Facts, SaltModel
from saltseg.inference.windows import Floats
from saltseg.nets.blueprint import Blueprint
from saltseg.quiet import silent_native_stderr

_OPSET = 17
_INPUT = "tile"


def export_onnx(weights: Sequence[Path], blueprint: Blueprint, facts: Facts, path: Path) -> None:
    """Write the networks of all folds as one ONNX file.

    Its input `tile` is (B, S, S, C) uint8, its output (B, S, S, 1) float32, as those of the Keras
    models. The metadata `blueprint` and `facts` hold JSON.

    Args:
        weights: A file for each fold.
        blueprint: Of each network.
        facts: Name and threshold.
        path: Where the file belongs.

    Raises:
        WeightsError: A file is missing, damaged, or of another network.
    """
    import keras

    from saltseg.inference.ensemble import ensemble

    model = ensemble(blueprint, weights)
    with staged_file(path) as staging:
        with silent_native_stderr(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of NumPy, about how the exporter asks for it
            model.export(
                staging,
                format="onnx",
                verbose=False,
                input_signature=[keras.InputSpec("uint8", model.input_shape, name=_INPUT)],
                opset_version=_OPSET,
            )
        graph = onnx.load(staging)
        for name, part in (("blueprint", blueprint), ("facts", facts)):
            entry = graph.metadata_props.add()
            entry.key, entry.value = name, part.model_dump_json()
        onnx.save(graph, staging)


def load_onnx(path: Path) -> SaltModel:
    """Load what `export_onnx` wrote.

    Raises:
        WeightsError: The file is missing, damaged, or was not written by this project.
    """
    try:
        if not path.is_file():
            raise ValueError("no such file")
        with silent_native_stderr():
            session = onnxruntime.InferenceSession(path, providers=_providers())
        metadata = session.get_modelmeta().custom_metadata_map
        blueprint = Blueprint.model_validate_json(metadata["blueprint"])
        facts = Facts.model_validate_json(metadata["facts"])
        _check_signature(session, blueprint)
    except KeyError:
        raise WeightsError(f"{path}: not written by `saltseg export --onnx`") from None
    except Exception as error:  # onnxruntime raises kinds of its own, one for each status
        reason = " ".join(str(error).split())[:300]
        raise WeightsError(f"{path}: no readable model ({reason}); export it again") from None

    def predict(inputs: Bytes) -> Floats:
        [found] = session.run(None, {_INPUT: inputs})
        return np.asarray(found, np.float32)[..., 0]

    return SaltModel(blueprint, facts, digest_of([path]), predict)


def _check_signature(session: onnxruntime.InferenceSession, blueprint: Blueprint) -> None:
    """Make sure that a network takes and gives what is said of it, in batches of any size.

    Raises:
        ValueError: It does not.
    """
    tile = [blueprint.side, blueprint.side]
    wanted = [
        (_INPUT, "tensor(uint8)", [*tile, len(blueprint.channels)]),
        (None, "tensor(float)", [*tile, 1]),
    ]
    found = [*session.get_inputs(), *session.get_outputs()]
    tensors = [(one.name, one.type, one.shape) for one in found]
    fits = len(tensors) == len(wanted) and all(
        name in (None, own) and kind == of and shape[1:] == rest and not isinstance(shape[0], int)
        for (name, of, rest), (own, kind, shape) in zip(wanted, tensors, strict=True)
    )
    if not fits:
        raise ValueError(f"it takes and gives {tensors}, not what it says")


def _providers() -> list[str]:
    """A GPU where the installed onnxruntime has one."""
    wanted = ("CUDAExecutionProvider", "CPUExecutionProvider")
    return [name for name in wanted if name in onnxruntime.get_available_providers()]
