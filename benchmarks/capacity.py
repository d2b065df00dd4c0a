"""How long do many folds take on many workers? By arithmetic, and by simulation.

    python -m benchmarks.capacity --fold-seconds 600 --spread 0.1 --transfer-seconds 20

Folds are given out as `saltseg fan-out` gives them: in order, each to the worker that is free
first. Their times are drawn from a lognormal distribution, whose mean and spread a run has shown
(`epoch_seconds` times epochs, in MLflow or docs/results.md); each pays for its clone, its pull and
its push besides. The arithmetic is for folds that all take the mean: full rounds of them.
"""

import heapq
import math
from typing import Annotated

import numpy as np
import typer
from numpy.typing import NDArray

FOLDS, WORKERS = (5, 50, 250, 1000), (1, 2, 4, 8, 16, 64, 256)
DRAWS = 200


def makespan(seconds: NDArray[np.float64], workers: int) -> float:
    """Seconds until the last fold has ended, each given to the worker that is free first."""
    free = [0.0] * workers
    heapq.heapify(free)
    for one in seconds:
        heapq.heappush(free, heapq.heappop(free) + one)
    return max(free)


def fold_times(
    mean: float, spread: float, folds: int, draw: np.random.Generator
) -> NDArray[np.float64]:
    """Times of folds, lognormal: `mean` in seconds, `spread` the standard deviation over it."""
    sigma = math.sqrt(math.log1p(spread**2))
    return draw.lognormal(math.log(mean) - sigma**2 / 2, sigma, folds)


def main(
    fold_seconds: Annotated[float, typer.Option(help="A training takes, on average.")] = 600,
    spread: Annotated[float, typer.Option(help="Standard deviation of that, as a share.")] = 0.1,
    transfer_seconds: Annotated[float, typer.Option(help="Clone, pull, push of a fold.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the draws.")] = 1337,
) -> None:
    """Print a row per number of folds and of workers that there is work for."""
    draw, each = np.random.default_rng(seed), fold_seconds + transfer_seconds
    print(
        "| folds | workers | by arithmetic | simulated | 95 % of draws within | of the time busy |"
    )
    print("|---|---|---|---|---|---|")
    for folds in FOLDS:
        for workers in (count for count in WORKERS if count <= folds):
            rounds = math.ceil(folds / workers) * each
            times = [
                fold_times(fold_seconds, spread, folds, draw) + transfer_seconds
                for _ in range(DRAWS)
            ]
            ends = [makespan(one, workers) for one in times]
            low, middle, high = np.percentile(ends, [2.5, 50, 97.5]) / 3600
            busy = np.mean(
                [one.sum() / (workers * end) for one, end in zip(times, ends, strict=True)]
            )
            print(
                f"| {folds} | {workers} | {rounds / 3600:.2f} h | {middle:.2f} h |"
                f" {low:.2f} .. {high:.2f} h | {busy:.0%} |"
            )


if __name__ == "__main__":
    typer.run(main)
