"""Which share of a training step goes into making its batch: order, augmentation, copying.

    python benchmarks/feeding.py --backbone plain --side 32

Both are timed in turn, batch by batch; `fit` makes the next batch while it trains on this one, so
this is the most that feeding can cost.
"""

import statistics
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from saltseg.params import load_params
from saltseg.training.runtime import prepare_engine

ROOT = Path(__file__).parents[1]


def main(
    backbone: Annotated[str, typer.Option(help="A row of src/saltseg/backbones.yaml.")] = "plain",
    side: Annotated[int, typer.Option(help="Of the tiles, a multiple of 32.")] = 32,
    batches: Annotated[int, typer.Option(min=5, help="How many are timed.")] = 20,
) -> None:
    """Print milliseconds of both, and the share."""
    params = load_params(ROOT / "params.yaml")
    prepare_engine(params.seed, params.train.threads)
    from saltseg.objectives import make_phases
    from saltseg.training.batches import TrainingBatches
    from saltseg.training.trainee import begin, prepare

    draw, size = np.random.default_rng(0), params.train.batch_size
    count = size * (batches + 1)
    fed = TrainingBatches(
        draw.integers(0, 256, (count, side, side, 3), np.uint8),
        draw.integers(0, 2, (count, side, side, 1), np.uint8),
        np.arange(count),
        size,
        seed=params.seed,
        augment=params.train.augment,
        kinds=["grey", "position", "gradient"],
    )
    model = begin(params.model_copy(update={"backbone": backbone}), side, 3, batches)
    prepare(model, make_phases(params.train)[0], params.train)
    model.train_on_batch(*fed[0])
    making, training = [], []
    for number in range(1, batches + 1):
        began = time.perf_counter()
        batch = fed[number]
        made = time.perf_counter()
        model.train_on_batch(*batch)
        making.append(made - began)
        training.append(time.perf_counter() - made)
    share = statistics.median(one / other for one, other in zip(making, training, strict=True))
    feed, step = (1000 * statistics.median(seconds) for seconds in (making, training))
    print(f"{backbone}, {side} px: batch {feed:.1f} ms, step {step:.0f} ms: {share:.1%}")


if __name__ == "__main__":
    typer.run(main)
