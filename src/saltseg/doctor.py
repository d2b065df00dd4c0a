"""What this machine has for training, and in which precision it trains fastest."""

import statistics
import time
from collections.abc import Iterator
from typing import Any, get_args

import numpy as np
import psutil

from saltseg.machine import INSTRUCTIONS, Precision, cpu_instructions, cpu_model
from saltseg.training.runtime import engine_facts

PRECISIONS: tuple[Precision, ...] = get_args(Precision)
STEPS = 3
PATIENCE = 2.0
"""Seconds after which a precision is not timed once more."""


def findings(threads: int | None) -> Iterator[tuple[str, str]]:
    """What there is, a name and a value each; once the engine is prepared.

    Args:
        threads: As `train.threads`.
    """
    known = cpu_instructions()
    flags = ", ".join(INSTRUCTIONS[name] for name in known or []) or "none of those that matter"
    yield "CPU", f"{cpu_model() or 'unknown'}: {'unknown' if known is None else flags}"
    facts = engine_facts(threads)
    yield "cores", f"{facts['threads']} of {psutil.cpu_count()}"
    memory = psutil.virtual_memory()
    yield "memory", f"{memory.total / 2**30:.0f} GiB, {memory.available / 2**30:.0f} free"
    yield "device", facts["device"]
    for name in ("engine", "keras"):
        title = facts[name] if name == "engine" else name
        yield title, facts[f"{name}_version"]
    yield "options", facts["engine_options"]


def step_times() -> dict[Precision, float]:
    """Seconds of a training step in each precision, the median of some.

    The network is a stack of the convolutions that U-Nets are made of: 64 channels at 32 px, batch
    normalisation and ReLU after each, 16 tiles.
    """
    draw = np.random.default_rng(0)
    tiles = draw.random((16, 32, 32, 64), np.float32)
    masks = draw.integers(0, 2, (16, 32, 32, 1), np.uint8)
    models = {precision: _network(precision) for precision in PRECISIONS}
    for model in models.values():
        model.train_on_batch(tiles, masks)
    # In turn, so that whatever else the machine does meets all alike.
    times: dict[Precision, list[float]] = {precision: [] for precision in PRECISIONS}
    for _ in range(STEPS):
        for precision, model in models.items():
            if sum(times[precision]) > PATIENCE:  # emulated, by far the slowest
                continue
            start = time.perf_counter()
            model.train_on_batch(tiles, masks)
            times[precision].append(time.perf_counter() - start)
    return {precision: statistics.median(found) for precision, found in times.items()}


def _network(precision: Precision) -> Any:
    """A compiled stack of convolutions."""
    import keras
    from keras import layers

    from saltseg.nets.kernels import Adam, normalise_by_kernels
    from saltseg.nets.unet import computing_in

    with computing_in(precision):
        x = inputs = layers.Input((32, 32, 64))
        for _ in range(3):
            x = layers.Conv2D(64, 3, padding="same", use_bias=False)(x)
            x = layers.BatchNormalization()(x)
            x = layers.Activation("relu")(x)
        x = layers.Conv2D(1, 1, activation="sigmoid", dtype="float32")(x)
        model = keras.Model(inputs, x)
    normalise_by_kernels(model)
    model.compile(optimizer=Adam(0.001), loss="binary_crossentropy", jit_compile=False)
    return model
