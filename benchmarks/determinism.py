"""What repeatable bytes cost: seconds per training step with `prepare_engine`, and without.

    python -m benchmarks.determinism --backbone resnet50 --size 64

Two processes train the same U-Net on the same random tiles, one with everything that
`prepare_engine` sets, one with TensorFlow as it comes. They take turns, some steps each, so that
whatever else the machine does meanwhile meets both alike.
"""

import os
import statistics
import time
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from typing import Annotated, NamedTuple

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from benchmarks.trials import batches_of_noise, compiled, trial_params

KINDS = {True: "repeatable (prepare_engine)", False: "as it comes"}


class Setting(NamedTuple):
    """What is trained.

    Attributes:
        backbone: A row of the backbone table.
        size: Side of the tiles, pixels.
        batch: Tiles in a batch.
        steps: Steps of one turn that are timed; one more comes before them.
    """

    backbone: str
    size: int
    batch: int
    steps: int


def train(turns: Connection, repeatable: bool, setting: Setting) -> None:
    """Train for a turn whenever asked to, and send the seconds of each step; in its own process.

    Args:
        turns: Sends True for another turn, False for the end.
        repeatable: Whether `prepare_engine` sets up TensorFlow.
        setting: What is trained.
    """
    from saltseg.quiet import silent_native_stderr
    from saltseg.training.runtime import prepare_engine

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    changed = {"backbone": setting.backbone, "train.batch_size": setting.batch}
    params = trial_params(changed)
    if repeatable:
        prepare_engine(params.train.seed, params.train.threads)
    # Only now, since TensorFlow takes its settings at its start.
    with silent_native_stderr():
        import keras
        import numpy as np

        keras.utils.set_random_seed(params.train.seed)
        keras.distribution.list_devices()
    batches = batches_of_noise(params, setting.size, setting.steps + 1)
    model = compiled(params, setting.size)
    ends: list[float] = []
    clock = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: ends.append(time.perf_counter())
    )
    while turns.recv():
        ends.clear()
        model.fit(batches, epochs=1, shuffle=False, verbose=0, callbacks=[clock])
        turns.send(np.diff(ends).tolist())


def take_turns(setting: Setting, rounds: int) -> dict[bool, list[list[float]]]:
    """Train in two processes by turns.

    Args:
        setting: What is trained.
        rounds: Turns of each, after one to warm up.

    Returns:
        Seconds of each step, by turn; under True those of the repeatable process.
    """
    spawn, trainers = get_context("spawn"), {}
    for repeatable in KINDS:
        ours, theirs = spawn.Pipe()
        process = spawn.Process(target=train, args=(theirs, repeatable, setting), daemon=True)
        process.start()
        theirs.close()
        trainers[repeatable] = ours
    seconds: dict[bool, list[list[float]]] = {repeatable: [] for repeatable in KINDS}
    for number in range(rounds + 1):
        # Who begins changes, too: a machine that gets busier would else seem to favour the first.
        for repeatable in sorted(KINDS, reverse=bool(number % 2)):
            trainers[repeatable].send(True)
            turn = trainers[repeatable].recv()
            if number:
                seconds[repeatable].append(turn)
    for turns in trainers.values():
        turns.send(False)
    return seconds


def quartiles(values: Sequence[float]) -> tuple[float, float, float]:
    """Median, lower and upper quartile."""
    lower, middle, upper = statistics.quantiles(values, n=4, method="inclusive")
    return middle, lower, upper


def main(
    backbone: Annotated[str, typer.Option(help="A row of src/saltseg/backbones.yaml.")] = "plain",
    size: Annotated[int, typer.Option(help="Side of the tiles, a multiple of 32.")] = 32,
    batch: Annotated[int, typer.Option(min=1, help="Tiles in a batch.")] = 16,
    steps: Annotated[int, typer.Option(min=1, help="Steps of one turn.")] = 20,
    rounds: Annotated[int, typer.Option(min=2, help="Turns of each process.")] = 10,
) -> None:
    """Compare the speed of repeatable training with that of TensorFlow as it comes."""
    seconds = take_turns(Setting(backbone, size, batch, steps), rounds)
    title = f"{backbone}, {size} px, batches of {batch}: {rounds} turns of {steps} steps each"
    table = Table("", "ms per step", "quartiles", title=title, box=SIMPLE, pad_edge=False)
    for repeatable, name in KINDS.items():
        middle, lower, upper = quartiles([s * 1000 for turn in seconds[repeatable] for s in turn])
        table.add_row(name, f"{middle:.1f}", f"{lower:.1f} .. {upper:.1f}")
    # Each turn is compared with the one beside it.
    pairs = zip(*(map(statistics.median, seconds[kind]) for kind in KINDS), strict=True)
    middle, lower, upper = quartiles([one / other for one, other in pairs])
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f"repeatable / as it comes: {middle:.3f}, quartiles {lower:.3f} .. {upper:.3f} over turns"
    )


if __name__ == "__main__":
    typer.run(main)
