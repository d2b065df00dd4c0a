"""The engine below Keras: seeds, threads and determinism, set once before the first network."""

import os

from saltseg.quiet import silent_native_stderr


def prepare_engine(seed: int, threads: int | None) -> None:
    """Make runs repeatable: seed every generator, fix thread counts, forbid unordered sums.

    TensorFlow on a CPU repeats bit for bit only with one inter-op thread and a fixed number of
    intra-op threads. Must run before anything has been computed in this process.

    Args:
        seed: Seed of Python, NumPy and the engine.
        threads: Cores used by one operation; None = all of this machine.
    """
    import_engine()
    with silent_native_stderr():
        import keras

        keras.utils.set_random_seed(seed)
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            tf.config.threading.set_inter_op_parallelism_threads(1)
            tf.config.threading.set_intra_op_parallelism_threads(_cores(threads))
            tf.config.experimental.enable_op_determinism()
            tf.config.list_logical_devices()  # look for GPUs now, while nobody listens


def import_engine() -> None:
    """Import Keras and its engine without what they write to the terminal."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with silent_native_stderr():
        import keras  # noqa: F401


def engine_facts(threads: int | None) -> dict[str, str]:
    """What computes: Keras, its engine, NumPy, and what else the last digits depend on.

    Args:
        threads: As given to `prepare_engine`.

    Returns:
        `engine`, `engine_version`, `keras_version`, `numpy_version`, `opencv_version` (it moves
        and resizes tiles), `device` (cpu or gpu) and `threads`.
    """
    import cv2
    import keras
    import numpy

    engine = keras.backend.backend()
    module = __import__(engine)
    return {
        "engine": engine,
        "engine_version": str(module.__version__),
        "keras_version": keras.__version__,
        "numpy_version": numpy.__version__,
        "opencv_version": cv2.__version__,
        "device": keras.distribution.list_devices()[0].split(":")[0],
        "threads": str(_cores(threads)),
    }


def _cores(threads: int | None) -> int:
    return threads or os.cpu_count() or 1
