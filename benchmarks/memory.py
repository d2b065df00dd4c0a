"""What it gains to keep the memory of a step: `fit` as training sets it up, and without that.

    python -m benchmarks.memory --backbone resnet50 --side 32

`prepare_engine` has the C library keep what a step frees (`mallopt`). Trainings with it and without
are processes of their own, one after another by turns, since the setting can't be taken back.
"""

import json
import resource
import statistics
import subprocess
import sys
import time
from itertools import pairwise
from pathlib import Path
from typing import Annotated

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from benchmarks.trials import batches_of_noise, compiled, trial_params
from saltseg.training import runtime

ROOT = Path(__file__).parents[1]
COLUMNS = "step, ms", "system's part of the CPU time, s", "most memory, MiB"


def fit(kept: bool, backbone: str, side: int, batches: int) -> list[float]:
    """Train for two epochs: what the columns say, of this process."""
    if not kept:
        runtime._keep_freed_memory = lambda: None
    params = trial_params({"backbone": backbone})
    runtime.prepare_engine(params.train.seed, params.train.threads)
    import keras

    ends: list[float] = []
    clock = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: ends.append(time.perf_counter())
    )
    model, fed = compiled(params, side), batches_of_noise(params, side, batches)
    model.fit(fed, epochs=2, shuffle=False, verbose=0, callbacks=[clock])
    steps = [after - before for before, after in pairwise(ends)]
    used = resource.getrusage(resource.RUSAGE_SELF)
    return [1000 * statistics.median(steps), used.ru_stime, used.ru_maxrss / 1024]


def main(
    backbone: Annotated[str, typer.Option(help="A row of src/saltseg/backbones.yaml.")] = "plain",
    side: Annotated[int, typer.Option(help="Of the tiles, a multiple of 32.")] = 32,
    batches: Annotated[int, typer.Option(min=5, help="Steps of an epoch.")] = 30,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each.")] = 2,
    own: Annotated[bool | None, typer.Option(hidden=True)] = None,
) -> None:
    """Compare the two."""
    if own is not None:
        print(json.dumps(fit(own, backbone, side, batches)))
        return
    given = ["--backbone", backbone, "--side", str(side), "--batches", str(batches)]
    found: dict[bool, list[list[float]]] = {False: [], True: []}
    for _ in range(rounds):
        for kept, turns in found.items():
            command = [sys.executable, "-m", "benchmarks.memory", *given]
            command.append("--own" if kept else "--no-own")
            done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True)
            turns.append(json.loads(done.stdout.splitlines()[-1]))
    table = Table("", *COLUMNS, title=f"{backbone}, {side} px, by turns", box=SIMPLE)
    for kept, turns in found.items():
        cells = (", ".join(f"{turn[column]:,.0f}" for turn in turns) for column in range(3))
        table.add_row("kept" if kept else "as it comes", *cells)
    Console(highlight=False).print(table)


if __name__ == "__main__":
    typer.run(main)
