"""What each part of a recipe is worth: the recipe beside itself with one change, at equal time.

    python -m benchmarks.ablation --epochs 14 --out docs/ablation.md

Each line of benchmarks/ablation.yaml becomes a DVC experiment, `ablation-...`, trained one after
another in copies of the workspace. A step of each is timed first, in turn with one of the base, and
its epochs are such that a fold takes as long as one of the base. What is there already is not run
again: stopped, the same command goes on. The table holds what `saltseg compare` says of each
against the base, and is written anew after each. The data set must be tracked (`dvc add data/tgs`),
or its copies lack it.
"""

import json
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import yaml

from benchmarks.experiments import ROOT, Overrides, command_of, experiments, run

CHANGES = ROOT / "benchmarks/ablation.yaml"
BASE = "base"
MOST_EPOCHS = 1000

ROUNDS = 6
"""Turns of timing: a step of the base, then one of the changed network."""

COSTLESS = (
    "evaluate.",
    "train.augment.",
    "train.learning_rate",
    "train.schedule",
    "train.seed",
    "train.skip_constant",
    "train.weight_decay",
)
"""What changes with these takes no time of a step."""

STEP = """
import json, statistics, sys, time

import numpy as np
from saltseg.params import load_params, with_overrides
from saltseg.training.runtime import prepare_engine

rounds, *asked = map(json.loads, sys.argv[1:])
every = [with_overrides(load_params(), overrides) for overrides in asked]
train = every[0].train
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
            start = time.perf_counter()
            model.train_on_batch(*batch)
            times.append(time.perf_counter() - start)
    for position, params in enumerate(every):
        phases = make_phases(params.train)
        if number < len(phases):
            began = phases[number - 1].end if number else 0
            share = (phases[number].end - began) / params.train.epochs
            seconds[position] += statistics.median(taken[position][2:]) * share
print(json.dumps([s / params.train.batch_size for s, params in zip(seconds, every)]))
"""
"""Prints, for some networks in turn, the seconds of a training step for each tile of it."""


def seconds_a_tile(*every: Overrides) -> list[float]:
    """What a training step of each takes for one tile: a step of each in turn, in one process."""
    command = (sys.executable, "-c", STEP, str(ROUNDS), *map(json.dumps, every))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    seconds: list[float] = json.loads(done.stdout.splitlines()[-1])
    return seconds


def name_of(change: str) -> str:
    """Name of its experiment."""
    return "ablation-" + re.sub("[^a-z0-9]+", "-", change.lower()).strip("-")


def table_of(changes: list[str], epochs: dict[str, int]) -> list[str]:
    """Lines of the table, the best change first."""
    from saltseg.comparison.networks import compare
    from saltseg.tracking.lookup import choose
    from saltseg.tracking.store import own_store

    runs = choose(own_store(), [name_of(name) for name in (BASE, *changes)])
    base, *others = (one.contestant(name) for one, name in zip(runs, (BASE, *changes), strict=True))
    rows = []
    for other in others:
        found = compare(other, base).differences[0]
        low, high = found.tiles.low, found.tiles.high
        sure = "better" if low > 0 else "worse" if high < 0 else "undecided"
        rows.append((found.mean, other.label, found.first, low, high, sure, found.second))
    lines = [
        "| change | epochs | map_iou | difference | 95 % interval over tiles | |",
        "|---|---|---|---|---|---|",
        f"| none | {epochs[BASE]} | {rows[0][-1]:.3f} | | | |",
    ]
    return lines + [
        f"| {label} | {epochs[label]} | {first:.3f} | {mean:+.3f}"
        f" | {low:+.3f} .. {high:+.3f} | {sure} |"
        for mean, label, first, low, high, sure, _ in sorted(rows, reverse=True)
    ]


def main(
    epochs: Annotated[int, typer.Option(min=2, help="Of the base.")] = 14,
    out: Annotated[Path, typer.Option(help="Markdown file to write.")] = ROOT / "docs/ablation.md",
    file: Annotated[Path, typer.Option(help="Base and changes.")] = ROOT
    / "benchmarks/ablation.yaml",
) -> None:
    """Run what is missing, and write the table."""
    asked = yaml.safe_load(file.read_text())
    base, changes = asked["base"], {BASE: {}, **asked["changes"]}
    known = known_epochs(base, changes, epochs)
    for done, (name, change) in enumerate(changes.items()):
        if name_of(name) not in experiments():
            print(f"{name}: {known[name]} epochs", flush=True)
            run(name_of(name), {**base, **change, "train.epochs": known[name]})
        if done:
            write_table(out, base, list(changes)[1 : done + 1], known)
    print(out)


def known_epochs(base: Overrides, changes: dict[str, Overrides], of_base: int) -> dict[str, int]:
    """Epochs of each change: timed beside the base, or as an earlier call timed them."""
    file = ROOT / "build/ablation-epochs.json"
    file.parent.mkdir(exist_ok=True)
    epochs: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    epochs[BASE] = of_base
    for name, change in changes.items():
        if name in epochs:
            continue
        fitting = float(of_base)
        if not all(key.startswith(COSTLESS) for key in change):
            seconds = seconds_a_tile(base, {**base, **change})
            fitting *= seconds[0] / seconds[1]
        epochs[name] = min(MOST_EPOCHS, max(2, round(fitting)))
        print(f"{name}: {epochs[name]} epochs", flush=True)
        file.write_text(json.dumps(epochs, indent=1) + "\n")
    return epochs


def write_table(out: Path, base: Overrides, changes: list[str], epochs: dict[str, int]) -> None:
    """Write the page: what was run, and the table."""
    date = f"{datetime.now(UTC):%Y-%m-%d}"
    head = [
        "# What each part is worth",
        "",
        f"Written by `python -m benchmarks.ablation --epochs {epochs[BASE]}` on {date}: a base,",
        "and the base with one change, each fold trained for as many epochs as take the time of",
        "those of the base. Interval: paired bootstrap over tiles, mosaics drawn whole, of these",
        "trained networks; it does not hold for networks trained anew. What chance does then, the",
        "rows of other training seeds show: a difference no larger than theirs is none.",
        "",
        "Base, beside the defaults:",
        "",
        f"    {command_of({**base, 'train.epochs': epochs[BASE]})}",
        "",
    ]
    out.write_text("\n".join([*head, *table_of(changes, epochs)]) + "\n")


if __name__ == "__main__":
    typer.run(main)
