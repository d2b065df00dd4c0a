"""What making batches takes: their share of a training step, and their rate by threads.

    python -m benchmarks.feeding --backbone plain --side 32

A batch and the step it is for are timed in turn; `fit` makes the next batch while it trains on this
one, so the share is the most that feeding can cost. Where a step is fast, on a GPU, several threads
make batches ahead: with --threads the rate of batches alone is printed for each count, in turn.
"""

import statistics
import time
from collections.abc import Iterator
from typing import Annotated

import typer

from benchmarks.trials import batches_of_noise, compiled, trial_params
from saltseg.params import Params
from saltseg.training.runtime import prepare_engine


def main(
    backbone: Annotated[str, typer.Option(help="A row of src/saltseg/backbones.yaml.")] = "plain",
    side: Annotated[int, typer.Option(help="Of the tiles, a multiple of 32.")] = 32,
    batches: Annotated[int, typer.Option(min=5, help="How many are timed.")] = 20,
    threads: Annotated[list[int] | None, typer.Option(help="Counts to make batches with.")] = None,
    engine: Annotated[str, typer.Option(help="As train.engine.")] = "tensorflow",
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each count of threads.")] = 3,
) -> None:
    """Print milliseconds of both, and the share."""
    changed = {"backbone": backbone, "train.engine": engine}
    params = trial_params(changed)
    prepare_engine(params.train.seed, params.train.threads, params.train.engine)
    fed, model = batches_of_noise(params, side, batches + 1), compiled(params, side)
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
    for count, rate in rates(params, side, batches, threads or [], rounds):
        print(f"batches alone, {count} threads: {rate:,.0f} tiles/s")


def rates(
    params: Params, side: int, batches: int, threads: list[int], rounds: int
) -> Iterator[tuple[int, float]]:
    """Tiles a second that each count of threads makes, the median of its turns."""
    feeds = [batches_of_noise(params, side, batches, count) for count in threads]
    found: list[list[float]] = [[] for _ in feeds]
    for turn in range(rounds):
        for feed, own in zip(feeds, found, strict=True):
            feed.start_epoch(turn)
            began = time.perf_counter()
            for number in range(batches):
                feed[number]
            own.append(batches * params.train.batch_size / (time.perf_counter() - began))
    yield from zip(threads, map(statistics.median, found), strict=True)


if __name__ == "__main__":
    typer.run(main)
