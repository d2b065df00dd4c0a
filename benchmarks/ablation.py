"""What each part of a recipe is worth: the recipe beside itself with one change, at equal time.

    python -m benchmarks.ablation --epochs 12 --out docs/ablation.md

Each line of benchmarks/ablation.yaml becomes a DVC experiment, `ablation-...`, trained one after
another in copies of the workspace. A step of each is timed first, in turn with one of the base, and
its epochs are such that a fold takes as long as one of the base. The scores of its tiles are kept
beside the page, and what is there is not run again: stopped, the same command goes on, on another
machine, too. The table holds what `saltseg compare` says of each against the base, and is written
anew after each. The data set must be tracked (`dvc add data/tgs`), or its copies lack it.
"""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
import yaml

from benchmarks.experiments import ROOT, Overrides, command_of, run
from benchmarks.step_time import seconds_a_tile

CHANGES = ROOT / "benchmarks/ablation.yaml"
BASE = "base"
MOST_EPOCHS = 1000

COSTLESS = (
    "evaluate.",
    "model.batchnorm_momentum",
    "train.augment.",
    "train.learning_rate",
    "train.cosine",
    "train.schedule",
    "train.seed",
    "train.skip_constant",
    "train.weight_decay",
)
"""What changes with these takes no time of a step."""


def name_of(change: str) -> str:
    """Name of its experiment."""
    return "ablation-" + re.sub("[^a-z0-9]+", "-", change.lower()).strip("-")


def kept(out: Path, name: str) -> Path:
    """Where the scores of the tiles of a change are kept."""
    return out.with_suffix("") / f"{name_of(name).removeprefix('ablation-')}.csv"


def keep(path: Path, name: str) -> None:
    """Keep the scores of an experiment that has been run."""
    from saltseg.runs.revisions import recorded

    path.parent.mkdir(exist_ok=True)
    columns = ["id", "fold", "coverage_class", "group", "coverage", "map_iou"]
    recorded(name_of(name)).tiles[columns].to_csv(path, index=False)


def table_of(
    out: Path, changes: dict[str, Overrides], epochs: dict[str, int], splits: int
) -> list[str]:
    """Lines of the table, the best change first.

    An interval over tiles speaks of these trained networks alone: what is more than chance of
    training, too, must differ by more than any other training seed does.
    """
    import pandas as pd

    from saltseg.comparison.networks import Contestant, Cost, compare

    def contestant(name: str) -> Contestant:
        tiles = pd.read_csv(kept(out, name), dtype={"id": str})
        return Contestant(name, tiles, pd.DataFrame(), splits, Cost(None, None))

    base = contestant(BASE)
    found = {name: compare(contestant(name), base).differences[0] for name in changes}
    seeds = [name for name, change in changes.items() if set(change) == {"train.seed"}]
    chance = max((abs(found[name].mean) for name in seeds), default=0.0)
    rows = []
    for name, one in found.items():
        low, high = one.tiles.low, one.tiles.high
        beyond = low * high > 0 and abs(one.mean) > chance
        sure = "chance" if name in seeds else "yes" if beyond else "no"
        rows.append((one.mean, name, one.first, low, high, sure))
    lines = [
        "| change | epochs | map_iou | difference | 95 % interval over tiles | more than chance |",
        "|---|---|---|---|---|---|",
        f"| none | {epochs[BASE]} | {base.tiles['map_iou'].mean():.3f} | | | |",
    ]
    return lines + [
        f"| {name} | {epochs[name]} | {first:.3f} | {mean:+.3f}"
        f" | {low:+.3f} .. {high:+.3f} | {sure} |"
        for mean, name, first, low, high, sure in sorted(rows, reverse=True)
    ]


def main(
    epochs: Annotated[int, typer.Option(min=2, help="Of the base.")] = 12,
    out: Annotated[Path, typer.Option(help="Markdown file to write.")] = ROOT / "docs/ablation.md",
    file: Annotated[Path, typer.Option(help="Base and changes.")] = ROOT
    / "benchmarks/ablation.yaml",
) -> None:
    """Run what is missing, and write the table."""
    asked = yaml.safe_load(file.read_text())
    base, changes = asked["base"], {BASE: {}, **asked["changes"]}
    known: dict[str, int] = {}
    for done, (name, change) in enumerate(changes.items()):
        known[name] = epochs_of(out, name, base, change, epochs)
        if not kept(out, name).exists():
            print(f"{name}: {known[name]} epochs", flush=True)
            run(name_of(name), {**base, **change, "train.epochs": known[name]})
            keep(kept(out, name), name)
        if done:
            tried = dict(list(changes.items())[1 : done + 1])
            write_table(out, base, tried, known)
    print(out)


def epochs_of(out: Path, name: str, base: Overrides, change: Overrides, of_base: int) -> int:
    """Epochs of a change: timed beside the base, or as an earlier call timed them."""
    file = out.with_suffix("") / "epochs.json"
    file.parent.mkdir(exist_ok=True)
    epochs: dict[str, int] = json.loads(file.read_text()) if file.exists() else {}
    if name not in epochs:
        fitting = float(of_base)
        if not all(key.startswith(COSTLESS) for key in change):
            seconds = seconds_a_tile(base, {**base, **change})
            fitting *= seconds[0] / seconds[1]
        epochs[name] = min(MOST_EPOCHS, max(2, round(fitting)))
        file.write_text(json.dumps(epochs, indent=1) + "\n")
    return epochs[name]


def write_table(
    out: Path, base: Overrides, changes: dict[str, Overrides], epochs: dict[str, int]
) -> None:
    """Write the page: what was run, and the table."""
    date = f"{datetime.now(UTC):%Y-%m-%d}"
    head = [
        "# What each part is worth",
        "",
        f"Written by `python -m benchmarks.ablation --epochs {epochs[BASE]}` on {date}: a base,",
        "and the base with one change, each fold trained for as many epochs as take the time of",
        "those of the base. Interval: paired bootstrap over tiles, mosaics drawn whole, of these",
        "trained networks; it does not hold for networks trained anew. What chance does then, the",
        "rows of other training seeds show: more than chance is what differs by more than they do.",
        "",
        "Base, beside the defaults:",
        "",
        f"    {command_of({**base, 'train.epochs': epochs[BASE]})}",
        "",
    ]
    lines = table_of(out, changes, epochs, base["split.n_splits"])
    out.write_text("\n".join([*head, *lines]) + "\n")


if __name__ == "__main__":
    typer.run(main)
