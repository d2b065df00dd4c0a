"""Training steps of ours whenever they are asked for, as `smp_steps.py` takes those of the peer."""

import json
import sys
import time

import typer

from benchmarks.trials import compiled, noise, trial_params
from saltseg.machine import Precision
from saltseg.training.runtime import engine_facts, prepare_engine


def main(backbone: str, precision: Precision, side: int, batch: int) -> None:
    """Build the network, say what it is, and train it step by step."""
    params = trial_params({"backbone": backbone, "train.precision": precision})
    prepare_engine(params.train.seed, params.train.threads)
    from saltseg.nets.cost import network_cost

    model = compiled(params, side)
    tiles, masks = noise(batch, side)

    def step() -> float:
        began = time.perf_counter()
        model.train_on_batch(tiles, masks)
        return time.perf_counter() - began

    facts, cost = engine_facts(params.train.threads), network_cost(model)
    versions = f"{facts['engine']} {facts['engine_version']}, keras {facts['keras_version']}"
    print(json.dumps({"first": step(), "versions": versions, **vars(cost)}), flush=True)
    for line in sys.stdin:
        print(json.dumps([step() for _ in range(int(line))]), flush=True)


if __name__ == "__main__":
    typer.run(main)
