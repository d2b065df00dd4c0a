"""What the kernels of `saltseg.nets.kernels` gain: seconds per training step with and without.

    python -m benchmarks.kernels --backbone resnet50 --side 128

One process trains the same U-Net twice on the same random tiles, once with the kernels, once with
what Keras does in their place. They take turns, some steps each, so that whatever else the machine
does meanwhile meets both alike.
"""

import statistics
import time
from typing import Annotated, Any

import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from benchmarks.trials import compiled, noise, trial_params
from saltseg.training.runtime import prepare_engine


def main(
    backbone: Annotated[str, typer.Option(help="A row of src/saltseg/backbones.yaml.")] = "plain",
    side: Annotated[int, typer.Option(help="Of the tiles, a multiple of 32.")] = 32,
    batch: Annotated[int, typer.Option(min=1, help="Tiles in a batch.")] = 16,
    steps: Annotated[int, typer.Option(min=1, help="Steps of one turn.")] = 3,
    rounds: Annotated[int, typer.Option(min=2, help="Turns of each.")] = 7,
) -> None:
    """Compare the speed of training with the kernels with that of Keras' own operations."""
    params = trial_params({"backbone": backbone})
    prepare_engine(params.train.seed, params.train.threads)
    from saltseg.nets import kernels

    tiles, masks = noise(batch, side)

    def step(model: Any) -> float:
        begin = time.perf_counter()
        model.train_on_batch(tiles, masks)
        return time.perf_counter() - begin

    models, first = {}, {}
    for fused in (True, False):
        # Read when the first step is traced.
        kernels.FUSED = fused
        models[fused] = compiled(params, side)
        first[fused] = step(models[fused])
    seconds: dict[bool, list[float]] = {True: [], False: []}
    for turn in range(rounds):
        for fused in sorted(models, reverse=bool(turn % 2)):
            seconds[fused].append(statistics.median(step(models[fused]) for _ in range(steps)))
    title = f"{backbone}, {side} px, batches of {batch}: {rounds} turns of {steps} steps each"
    table = Table("", "first step, s", "step, ms", "tiles/s", title=title, box=SIMPLE)
    for fused, name in ((True, "kernels"), (False, "Keras' own")):
        middle = statistics.median(seconds[fused])
        table.add_row(name, f"{first[fused]:.1f}", f"{middle * 1000:.0f}", f"{batch / middle:.1f}")
    # Each turn is compared with the one beside it.
    ratios = [own / ours for ours, own in zip(seconds[True], seconds[False], strict=True)]
    lower, middle, upper = statistics.quantiles(ratios, n=4, method="inclusive")
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f"Keras' own / kernels: {middle:.2f}, quartiles {lower:.2f} .. {upper:.2f} over turns;"
        f" first step {first[False] / first[True]:.2f}"
    )


if __name__ == "__main__":
    typer.run(main)
