"""Which encoder for my minutes? Score against training time, a point each encoder and side.

    python -m benchmarks.encoders --out docs/images/encoders.png

Each point of benchmarks/encoders.yaml becomes a DVC experiment, `encoders-...`, two of them trained
at a time (`--jobs`), a thread each, in copies of the workspace. What is there already is not run
again: stopped, the same command goes on. The picture, and a table below `build/`, hold those that
are done, and are written anew after each line of the file. The data set must be tracked
(`dvc add data/tgs`), or its copies lack it. Times are of this machine, which had better do nothing
else.
"""

from itertools import groupby
from pathlib import Path
from typing import Annotated, NamedTuple

import pandas as pd
import typer
import yaml

from benchmarks.experiments import ROOT, experiments, run_side_by_side

PICTURE, POINTS = ROOT / "docs/images/encoders.png", ROOT / "benchmarks/encoders.yaml"


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
    def label(self) -> str:
        """For people."""
        begun = "" if self.weights == "random" else ", pretrained"
        return f"{self.backbone}, {self.side} px, {self.epochs} epochs{begun}"


def measured(points: list[Point]) -> pd.DataFrame:
    """What is known of those that are done.

    Returns:
        One row per point, the fastest first: `label`, `minutes` (of its epochs), `map_iou`, `low`,
        `high` (95 % bootstrap interval over tiles, mosaics drawn whole), `front` (whether no other
        is as good in less time).
    """
    from saltseg.comparison.paired import bootstrap_interval
    from saltseg.tracking.lookup import choose
    from saltseg.tracking.store import own_store

    rows = []
    for point, shown in zip(points, choose(own_store(), [p.name for p in points]), strict=True):
        one = shown.contestant(point.label)
        scores, seconds = one.tiles["map_iou"], one.cost.epoch_seconds or 0
        over = bootstrap_interval(scores, one.tiles["fold"], one.tiles["group"], level=0.95)
        rows.append((point.label, seconds * point.epochs / 60, scores.mean(), over.low, over.high))
    table = pd.DataFrame(rows, columns=["label", "minutes", "map_iou", "low", "high"])
    table = table.sort_values("minutes", ignore_index=True)
    return table.assign(front=table["map_iou"].cummax().diff().fillna(1) > 0)


def draw(table: pd.DataFrame, path: Path) -> None:
    """The points with their intervals, those of the front joined."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import ScalarFormatter

    from saltseg.figures.style import PREDICTION, save_png

    figure = Figure(figsize=(9, 5.4), layout="constrained")
    axes = figure.subplots()
    for _, row in table.iterrows():
        colour = PREDICTION if row["front"] else "0.45"
        ends = [[row["map_iou"] - row["low"]], [row["high"] - row["map_iou"]]]
        axes.errorbar(row["minutes"], row["map_iou"], yerr=ends, fmt="o", color=colour, lw=0.8)
        place = (row["minutes"], row["map_iou"])
        axes.annotate(row["label"], place, (6, 4), textcoords="offset points", color=colour)
    front = table[table["front"]]
    axes.step(front["minutes"], front["map_iou"], where="post", color=PREDICTION, ls=":")
    axes.set(xscale="log", xlabel="minutes of epochs, one fold", ylabel="map_iou")
    axes.xaxis.set_major_formatter(ScalarFormatter())
    axes.xaxis.set_minor_formatter(ScalarFormatter())
    axes.set_xlim(table["minutes"].min() * 0.8, table["minutes"].max() * 3)
    axes.grid(alpha=0.3, which="both")
    axes.set_title(
        "The best mask for the minutes at hand: none is better and faster than those joined"
    )
    save_png(figure, path)


def main(
    out: Annotated[Path, typer.Option(help="Picture to write.")] = ROOT
    / "docs/images/encoders.png",
    file: Annotated[Path, typer.Option(help="Base and points.")] = ROOT
    / "benchmarks/encoders.yaml",
    jobs: Annotated[int, typer.Option(help="Points to train at a time, a thread each.")] = 2,
) -> None:
    """Run what is missing, and draw."""
    asked = yaml.safe_load(file.read_text())
    points = [
        Point(backbone, **line) for line in asked["points"] for backbone in line.pop("backbones")
    ]
    done: list[Point] = []
    for line, those in groupby(points, key=lambda point: point.line):
        done += (own := list(those))
        if missing := [point for point in own if point.name not in experiments()]:
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
        table = measured(done)
        draw(table, out)
        table.round(3).to_csv(ROOT / "build/encoders.csv", index=False)
    print(table.round(3).to_string(index=False))


if __name__ == "__main__":
    (ROOT / "build").mkdir(exist_ok=True)
    typer.run(main)
