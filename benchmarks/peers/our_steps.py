"""Training steps of ours whenever they are asked for, as `smp_steps.py` takes those of the peer."""

import json
import sys
import time
from pathlib import Path

import numpy as np
import typer

from saltseg.machine import Precision
from saltseg.params import load_params
from saltseg.training.runtime import engine_facts, prepare_engine


def main(backbone: str, precision: Precision, side: int, batch: int) -> None:
    """Build the network, say what it is, and train it step by step."""
    params = load_params(Path(__file__).parents[2] / "params.yaml")
    prepare_engine(params.seed, params.train.threads)
    from saltseg.nets.cost import network_cost
    from saltseg.objectives import make_phases
    from saltseg.training.trainee import begin, prepare

    train = params.train.model_copy(update={"precision": precision})
    params = params.model_copy(update={"backbone": backbone, "train": train})
    model = begin(params, side, 3, steps=100)
    prepare(model, make_phases(train)[0], train)
    draw = np.random.default_rng(params.seed)
    tiles = draw.integers(0, 256, (batch, side, side, 3), np.uint8)
    masks = draw.integers(0, 2, (batch, side, side, 1), np.uint8)

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
