"""What share of this machine's arithmetic a training step uses.

    python -m benchmarks.rate --side 128

The rate of the machine is that of a product of two large matrices in the same precision, by the
same engine, and the two are timed in turn. A step counts as three times the operations of a forward
pass: the gradients of a convolution by its input and by its kernel take as many again each.
"""

import statistics
import time
from typing import Annotated, Any

import numpy as np
import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from benchmarks.trials import compiled, noise, trial_params
from saltseg.training.runtime import prepare_engine

LENGTH = 2048
"""Of a side of the matrices."""


def seconds_of(compute: Any) -> float:
    """Of a call, until its result is there."""
    began = time.perf_counter()
    np.asarray(compute()).ravel()[:1].tolist()
    return time.perf_counter() - began


def main(
    backbone: Annotated[list[str] | None, typer.Option(help="Rows of backbones.yaml.")] = None,
    precision: Annotated[list[str] | None, typer.Option(help="As train.precision.")] = None,
    side: Annotated[int, typer.Option(help="Of the tiles, a multiple of 32.")] = 128,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each.")] = 5,
) -> None:
    """Print the rate of both and the share, for each network and precision."""
    params = trial_params()
    prepare_engine(params.train.seed, params.train.threads)
    from keras import ops

    from saltseg.nets.cost import network_cost

    size = params.train.batch_size
    tiles, masks = noise(size, side)
    normal = np.random.default_rng(0).normal(size=(LENGTH, LENGTH))
    table = Table("", "tiles/s", "GFLOP/s", "machine", "share", box=SIMPLE)
    for form in precision or ["float32", "mixed_bfloat16"]:
        matrix = ops.cast(normal, form.removeprefix("mixed_"))
        for name in backbone or ["resnet50", "vgg16", "plain"]:
            changed = {"backbone": name, "train.precision": form, "preprocess.side": side}
            model = compiled(trial_params(changed), side)
            step = lambda model=model: model.train_on_batch(tiles, masks)  # noqa: E731
            product = lambda matrix=matrix: ops.cast(ops.matmul(matrix, matrix)[0, 0], "float32")  # noqa: E731
            seconds_of(step), seconds_of(product)
            taken = [(seconds_of(step), seconds_of(product)) for _ in range(rounds)]
            gflop = 3 * size * (network_cost(model).gflops or float("nan"))
            rates = [(gflop / s, 2e-9 * LENGTH**3 / p) for s, p in taken]
            own, whole = (statistics.median(rate) for rate in zip(*rates, strict=True))
            share = statistics.median(a / b for a, b in rates)
            speed = size / statistics.median(s for s, _ in taken)
            row = f"{speed:.1f}", f"{own:.0f}", f"{whole:.0f}", f"{share:.0%}"
            table.add_row(f"{name}, {form}", *row)
    Console().print(table)


if __name__ == "__main__":
    typer.run(main)
