"""What a training step of one network takes beside that of another."""

import json
import subprocess
import sys

from benchmarks.experiments import ROOT, Overrides

ROUNDS = 6
"""Turns of timing: a step of each network in each."""

STEP = """
import json, sys, time

import numpy as np
from saltseg.params import load_params, with_overrides
from saltseg.training.runtime import prepare_engine

rounds, *asked = map(json.loads, sys.argv[1:])
every = [with_overrides(load_params(), overrides) for overrides in asked]
train = every[0].train
clock = time.process_time if train.threads == 1 else time.perf_counter
prepare_engine(train.seed, train.threads, train.engine)
from saltseg.objectives import make_phases
from saltseg.training.trainee import begin, prepare

draw, models, batches = np.random.default_rng(0), [], []
for params in every:
    shape = params.train.batch_size, params.preprocess.side, params.preprocess.side
    tiles = draw.integers(0, 256, (*shape, len(params.preprocess.channels)), np.uint8)
    batches.append((tiles, draw.integers(0, 2, (*shape, 1), np.uint8)))
    models.append(begin(params, train.seed, shape[1], tiles.shape[3], steps=100))
seconds = [0.0] * len(every)
# Each loss for its share of the epochs.
for number in range(max(len(make_phases(params.train)) for params in every)):
    taken = [[] for _ in every]
    for turn in range(rounds + 2):
        for params, model, batch, times in zip(every, models, batches, taken):
            phases = make_phases(params.train)
            if not turn and number < len(phases):
                prepare(model, phases[number], params.train)
            start = clock()
            model.train_on_batch(*batch)
            times.append(clock() - start)
    for position, params in enumerate(every):
        phases = make_phases(params.train)
        if number < len(phases):
            began = phases[number - 1].end if number else 0
            share = (phases[number].end - began) / params.train.epochs
            seconds[position] += min(taken[position][2:]) * share
print(json.dumps([s / params.train.batch_size for s, params in zip(seconds, every)]))
"""
"""Prints, for some networks in turn, the seconds of a training step for each tile of it.

The fastest of some, since other work on the machine only ever slows one down. Of a single thread
those of the CPU, which are those of the clock where the machine does nothing else.
"""


def seconds_a_tile(*every: Overrides) -> list[float]:
    """What a training step of each takes for one tile: a step of each in turn, in one process."""
    command = (sys.executable, "-c", STEP, str(ROUNDS), *map(json.dumps, every))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    seconds: list[float] = json.loads(done.stdout.splitlines()[-1])
    return seconds
