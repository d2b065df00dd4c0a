"""Which encoder for my minutes? Score against training time, a point each encoder and side.

    python -m benchmarks.encoders --out docs/encoders.md

Each point of benchmarks/encoders.yaml becomes a DVC experiment, `encoders-...`, two of them trained
at a time (`--jobs`), a thread each, in copies of the workspace. What is there already is not run
again: stopped, the same command goes on. The page, with a picture below `images/` beside it, is
written when all are done. The data set must be tracked (`dvc add data/tgs`), or its copies lack it.

The time of a point is that of its steps, which are timed at the end, in turn with those of all
others: what else the machine did while one was trained makes no difference.
"""

from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Annotated, NamedTuple

import pandas as pd
import typer
import yaml

from benchmarks.experiments import ROOT, Overrides, command_of, experiments, run_side_by_side
from benchmarks.step_time import seconds_a_tile


class Point(NamedTuple):
    """An encoder at a side, trained for some epochs, from random weights or those of a file."""

    backbone: str
    side: int
    epochs: int
    weights: str = "random"

    @property
    def line(self) -> str:
        """What names of the experiments of its line begin with."""
        begun = "" if self.weights == "random" else "-pretrained"
        return f"encoders-{self.side}-{self.epochs}{begun}"

    @property
    def name(self) -> str:
        """Of its experiment."""
        return f"{self.line}-{self.backbone}"

    @property
    def training(self) -> str:
        """What it has in common with the others of its line, for people."""
        begun = "" if self.weights == "random" else ", pretrained"
        return f"{self.side} px, {self.epochs} epochs{begun}"


def measured(points: list[Point], base: Overrides) -> pd.DataFrame:
    """What is known of them.

    Returns:
        One row per point, the fastest first: `backbone`, `training`, `minutes` (of the steps of its
        epochs), `map_iou`, `low`, `high` (95 % bootstrap interval over tiles, mosaics drawn whole),
        `front` (whether no other is as good in less time).
    """
    from saltseg.comparison.paired import bootstrap_interval
    from saltseg.tracking.lookup import choose
    from saltseg.tracking.store import own_store

    networks = list(dict.fromkeys((point.backbone, point.side) for point in points))
    settings = [{**base, "backbone": one, "preprocess.side": side} for one, side in networks]
    seconds = dict(zip(networks, seconds_a_tile(*settings), strict=True))
    rows = []
    for point, shown in zip(points, choose(own_store(), [p.name for p in points]), strict=True):
        one = shown.contestant(point.name)
        scores = one.tiles["map_iou"]
        over = bootstrap_interval(scores, one.tiles["fold"], one.tiles["group"], level=0.95)
        trained = len(scores) * (one.n_splits - 1)
        minutes = seconds[point.backbone, point.side] * trained * point.epochs / 60
        rows.append((point.backbone, point.training, minutes, scores.mean(), over.low, over.high))
    columns = ["backbone", "training", "minutes", "map_iou", "low", "high"]
    table = pd.DataFrame(rows, columns=columns)
    table = table.sort_values(["minutes", "map_iou"], ascending=[True, False], ignore_index=True)
    return table.assign(front=table["map_iou"].cummax().diff().fillna(1) > 0)


def draw(table: pd.DataFrame, path: Path) -> None:
    """The points with their intervals, those of the front joined."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import ScalarFormatter

    from saltseg.figures.style import PREDICTION, save_png

    figure = Figure(figsize=(9, 5.4), layout="constrained")
    axes = figure.subplots()
    for marker, (training, those) in zip("os^Dv", table.groupby("training"), strict=False):
        axes.plot([], [], marker, color="0.45", label=training)
        for _, row in those.iterrows():
            colour = PREDICTION if row["front"] else "0.45"
            place = (row["minutes"], row["map_iou"])
            ends = [[row["map_iou"] - row["low"]], [row["high"] - row["map_iou"]]]
            axes.errorbar(*place, yerr=ends, fmt=marker, color=colour, lw=0.8)
            offset = (6, -12) if _crowded(table, *place) else (6, 4)
            text = {"textcoords": "offset points", "color": colour}
            axes.annotate(row["backbone"], place, offset, **text)
    front = table[table["front"]]
    axes.step(front["minutes"], front["map_iou"], where="post", color=PREDICTION, ls=":")
    axes.set(
        xscale="log", xlabel="minutes of training steps, one fold, one thread", ylabel="map_iou"
    )
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(ScalarFormatter())
    axes.set_xlim(table["minutes"].min() * 0.8, table["minutes"].max() * 1.7)
    axes.grid(alpha=0.3, which="both")
    axes.legend(loc="lower right")
    axes.set_title(
        "The best mask for the minutes at hand: none is better and faster than those joined"
    )
    save_png(figure, path)


def _crowded(table: pd.DataFrame, minutes: float, score: float) -> bool:
    """Whether another point lies where a label above and right of this one would."""
    right = table["minutes"].between(minutes * 0.98, minutes * 1.4)
    above = (table["map_iou"] > score) & (table["map_iou"] < score + 0.006)
    return bool((right & above).any())


def write_page(table: pd.DataFrame, base: Overrides, page: Path, picture: Path) -> None:
    """Write the picture, and what it was drawn from."""
    from saltseg.machine import cpu_instructions, cpu_model

    picture.parent.mkdir(exist_ok=True)
    draw(table, picture)
    lines = [
        "# Which encoder for my minutes?",
        "",
        f"Written by `python -m benchmarks.encoders` on {datetime.now(UTC):%Y-%m-%d}: the base",
        "with each of the encoders, one fold. Minutes are those of the training steps of its",
        f"epochs, timed in turn with one another on a thread of {cpu_model()}",
        f"({', '.join(cpu_instructions() or [])}). Interval: bootstrap over tiles, mosaics drawn",
        "whole, of these trained networks; it does not hold for networks trained anew. All were",
        "scored on the same tiles, so that a difference is known better than two intervals look:",
        "`saltseg compare`. Front: no other is as good in less time.",
        "",
        f"![Score against minutes of training](images/{picture.name})",
        "",
        "Base, beside the defaults:",
        "",
        f"    {command_of(base)}",
        "",
        "| encoder | training | minutes | map_iou | 95 % interval over tiles | front |",
        "|---|---|---|---|---|---|",
    ]
    for one in table.itertuples():
        lines.append(
            f"| {one.backbone} | {one.training} | {one.minutes:.1f} | {one.map_iou:.3f}"
            f" | {one.low:.3f} .. {one.high:.3f} | {'yes' if one.front else ''} |"
        )
    page.write_text("\n".join(lines) + "\n")


def main(
    out: Annotated[Path, typer.Option(help="Markdown file to write.")] = ROOT / "docs/encoders.md",
    file: Annotated[Path, typer.Option(help="Base and points.")] = ROOT
    / "benchmarks/encoders.yaml",
    jobs: Annotated[int, typer.Option(help="Points to train at a time, a thread each.")] = 2,
) -> None:
    """Run what is missing, and write page and picture."""
    asked = yaml.safe_load(file.read_text())
    points = [
        Point(backbone, **line) for line in asked["points"] for backbone in line.pop("backbones")
    ]
    for line, those in groupby(points, key=lambda point: point.line):
        there = experiments()
        if missing := [point for point in those if point.name not in there]:
            _, side, epochs, weights = missing[0]
            changes = {
                "backbone": ",".join(point.backbone for point in missing),
                "preprocess.side": side,
                "train.epochs": epochs,
                "model.weights": weights,
            }
            # A single experiment is called by the whole name given.
            name = line if missing[1:] else missing[0].name
            run_side_by_side(name, {**asked["base"], **changes}, jobs)
    table = measured(points, asked["base"])
    write_page(table, asked["base"], out, out.parent / f"images/{out.stem}.png")
    print(out)


if __name__ == "__main__":
    typer.run(main)
