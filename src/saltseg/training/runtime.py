"""The engine below Keras: settings, seeds, threads and determinism, before the first network."""

import ctypes
import importlib
import os
import sys
from contextlib import nullcontext
from importlib.util import find_spec
from pathlib import Path

import joblib

from saltseg.errors import EngineError
from saltseg.machine import Engine
from saltseg.quiet import silent_native_stderr

_OVERRULED = ("KERAS_BACKEND", "KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH")
"""Variables by which Keras would use another engine, or train less than params.yaml says."""

_ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
"""Variable that turns on oneDNN, which TensorFlow does by itself only on CPUs with AVX-512 VNNI; on
others it is faster all the same (benchmarks/kernels.py), so here it is on unless it is set."""

_REPEATABLE_JAX = "--xla_gpu_deterministic_ops=true"
"""On a CPU it repeats by itself."""

_OPTIONS = ("DNNL_", "ONEDNN_", _ONEDNN, "TF_XLA_FLAGS", "XLA_FLAGS")
"""What variables begin with that make TensorFlow round otherwise."""


_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4
"""Numbers of malloc.h: free bytes that are kept; blocks that are mapped one by one."""

_MOST_KEPT = 2**30
"""Bytes."""

MOST_FEEDING = 2
"""Threads that make batches for a GPU: they share one Python, and more than two are slower."""


def prepare_engine(seed: int, threads: int | None, engine: Engine = "tensorflow") -> None:
    """Make runs repeatable: seed every generator, fix thread counts, forbid unordered sums.

    Must run before anything has been computed in this process.

    Args:
        seed: Seed of Python, NumPy and the engine.
        threads: Cores used by one operation; None = all that this process may use.
        engine: What computes below Keras.

    Raises:
        EngineError: As in `import_engine`.
    """
    _keep_freed_memory()
    if engine == "jax":
        _settle_jax(_cores(threads))
    import_engine(engine)
    # TensorFlow ends the process where it does not know one of these flags, with its reason there.
    with nullcontext() if os.environ.get("TF_XLA_FLAGS") else silent_native_stderr():
        import keras

        keras.utils.set_random_seed(seed)
        if engine == "tensorflow":
            _settle_tensorflow(_cores(threads))
        elif engine == "torch":
            _settle_torch(_cores(threads))


def _keep_freed_memory() -> None:
    """Have the C library keep what a step frees for the next one.

    By itself glibc gives the memory of large tensors back to the system and asks for it again in
    each step, and the system zeroes every page of it (docs/performance.md tells what that takes).
    Other libraries have no such switch.
    """
    library = ctypes.CDLL(None)
    if hasattr(library, "gnu_get_libc_version"):
        library.mallopt(_M_TRIM_THRESHOLD, _MOST_KEPT)
        library.mallopt(_M_MMAP_MAX, 0)


def _settle_tensorflow(cores: int) -> None:
    """It repeats bit for bit on a CPU only where it runs one operation after the other."""
    import tensorflow as tf

    tf.config.threading.set_inter_op_parallelism_threads(1)
    tf.config.threading.set_intra_op_parallelism_threads(cores)
    tf.config.experimental.enable_op_determinism()
    tf.config.list_logical_devices()  # look for GPUs now, while stderr is silent


def _settle_torch(cores: int) -> None:
    """It raises where an operation cannot be repeated."""
    import torch

    torch.set_num_threads(cores)
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False


def _settle_jax(cores: int) -> None:
    """Before it is imported: it takes all cores that the process may use, and flags only then."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:cores])
    flags = os.environ.get("XLA_FLAGS", "").split()
    os.environ["XLA_FLAGS"] = " ".join(dict.fromkeys([*flags, _REPEATABLE_JAX]))


def import_engine(engine: Engine = "tensorflow") -> None:
    """Import Keras on an engine, without what they write to the terminal.

    Keras gets our settings, whatever keras.json and the environment say. Where the caller has
    imported it before, its settings are the caller's, and are left alone.

    Args:
        engine: What computes below Keras.

    Raises:
        EngineError: The engine is not installed; Keras was imported before, with settings that our
            networks cannot use; or keras.json is so damaged that Keras cannot be imported.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    if not find_spec(engine):
        raise EngineError(
            f"train.engine: {engine} is not installed; `.venv/bin/pip install {engine}`, or use"
            " tensorflow"
        )
    if "keras" not in sys.modules:
        _import_keras(engine)
    import keras

    for name, found, wanted in (
        ("backend", keras.config.backend(), engine),
        ("image_data_format", keras.config.image_data_format(), "channels_last"),
        ("floatx", keras.config.floatx(), "float32"),
        ("dtype_policy", keras.config.dtype_policy().name, "float32"),
    ):
        if found != wanted:
            raise EngineError(
                f"Keras was imported before, with {name} {found}; saltseg needs {wanted}: set it"
                " so, or use saltseg before Keras is imported"
            )


def _import_keras(engine: Engine) -> None:
    """Import Keras for the first time, and give it our settings."""
    for name in _OVERRULED:
        value = os.environ.pop(name, None)
        if value not in (None, "", engine):
            print(f"{name}={value} is ignored; see docs/reliability.md", file=sys.stderr)
    # NNX is a matter of JAX; with it on, Keras asks for a package that nothing else needs.
    os.environ |= {"KERAS_BACKEND": engine, "KERAS_NNX_ENABLED": "false"}
    os.environ.setdefault(_ONEDNN, "1")
    try:
        with silent_native_stderr():
            import keras
    except ImportError as error:
        raise EngineError(
            f"Keras on {engine} cannot be imported ({' '.join(str(error).split())}); unset what"
            " asks for another build of it, such as PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION, or"
            " install the packages anew"
        ) from None
    except (ValueError, AttributeError) as error:
        file = Path(os.environ.get("KERAS_HOME", "~/.keras")) / "keras.json"
        raise EngineError(
            f"{file}: Keras cannot be imported ({' '.join(str(error).split())}); mend that file,"
            " or remove it"
        ) from None
    keras.config.set_image_data_format("channels_last")
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy("float32")
    keras.config.set_epsilon(1e-7)


def engine_facts(threads: int | None) -> dict[str, str]:
    """What computes: Keras, its engine, NumPy, and what else the last digits depend on.

    Args:
        threads: As given to `prepare_engine`.

    Returns:
        `engine`, `engine_version`, `keras_version`, `numpy_version`, `opencv_version` (it moves
        and resizes tiles), `device` (cpu or gpu), `threads`, and `engine_options`, variables that
        make it round otherwise than ours do.
    """
    import cv2
    import keras
    import numpy

    engine = keras.backend.backend()
    module = importlib.import_module(engine)
    usual = {(_ONEDNN, "1"), ("XLA_FLAGS", _REPEATABLE_JAX)}
    options = [
        f"{key}={value}"
        for key, value in os.environ.items()
        if key.startswith(_OPTIONS) and (key, value) not in usual
    ]
    return {
        "engine": engine,
        "engine_version": str(module.__version__),
        "keras_version": keras.__version__,
        "numpy_version": numpy.__version__,
        "opencv_version": cv2.__version__,
        "device": _device(engine),
        "threads": str(_cores(threads)),
        "engine_options": " ".join(sorted(options)) or "none",
    }


def feeding_threads(threads: int | None) -> int:
    """How many threads make batches beside the one that trains.

    None where the cores train, but for the one of TensorFlow's own; on a GPU some of the cores
    that it leaves idle.

    Args:
        threads: As given to `prepare_engine`.
    """
    import keras

    if _device(keras.backend.backend()) == "cpu":
        return 0
    return min(MOST_FEEDING, _cores(threads))


def _device(engine: str) -> str:
    """Where it computes: cpu or gpu."""
    import keras

    if engine == "torch":  # Keras does not list its devices
        import torch

        return "gpu" if torch.cuda.is_available() else "cpu"
    return str(keras.distribution.list_devices()[0].split(":")[0])


def _cores(threads: int | None) -> int:
    """As asked for; else those that affinity and the quota of a container leave to this process."""
    return threads or int(joblib.cpu_count())
