"""How long finding mosaics takes, and how often it is wrong.

python -m benchmarks.mosaics                 # synthetic sections: the truth is known
python -m benchmarks.mosaics FOLDER_OR_ZIP   # real tiles: chance matches stand in for errors
"""

import re
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from rich.console import Console
from rich.table import Table

from saltseg.tiles.dataset import read_pictures
from saltseg.tiles.mosaics.borders import Borders
from saltseg.tiles.mosaics.finding import find_mosaics
from saltseg.tiles.synthetic.survey import read_recipe, synthetic_survey

ROOT = Path(__file__).parents[1]
MARGINS = (0.6, 0.8, 1.0, 1.2, 1.4)


def synthetic(tiles: int) -> tuple[list[str], np.ndarray, pd.DataFrame]:
    """Ids and images of a synthetic survey, and where its tiles were cut."""
    recipe = read_recipe(ROOT / "data/synthetic.yaml")
    share = {"tiles": tiles * 6 // 7, "unlabelled": tiles - tiles * 6 // 7}
    survey, truth = synthetic_survey(recipe.model_copy(update=share))
    ids = [*survey.tiles["id"], *survey.unlabelled_tiles["id"]]
    truth = truth.set_index("id").loc[ids].reset_index().rename(columns={"section": "group"})
    return ids, np.concatenate([survey.images, survey.unlabelled]), truth


def neighbours(table: pd.DataFrame) -> set[tuple[str, str]]:
    """Pairs of ids that touch."""
    places = {(t.group, t.row, t.column): t.id for t in table.itertuples()}
    steps = ((1, 0), (0, 1))
    return {
        (id_, places[group, row + down, column + right])
        for (group, row, column), id_ in places.items()
        for down, right in steps
        if (group, row + down, column + right) in places
    }


class Decoys(Borders):
    """Borders of which no two belong together, each as it really looks."""

    def __init__(self, borders: Borders, kind: str) -> None:
        """Put ends against ends, starts against starts, or reverse one of the two."""
        self.count = borders.count
        swap = {
            "reversed": lambda end, start: (end, start[:, ::-1].copy()),
            "ends": lambda end, start: (end, end),
            "starts": lambda end, start: (start, start),
        }[kind]
        self._sides = {down: swap(*sides) for down, sides in borders._sides.items()}


def chance(images: np.ndarray) -> Table:
    """Pairs found by margin, beside those found where there are none."""
    borders = Borders(images)
    kinds = ("reversed", "ends", "starts")
    found = {"pairs": borders.pairs(), **{kind: Decoys(borders, kind).pairs() for kind in kinds}}
    table = Table("margin", *found, title="pairs, and pairs of borders that do not belong together")
    for margin in MARGINS:
        counts = [int((pairs["margin"] >= margin).sum()) for pairs in found.values()]
        # Ends against ends are found from both sides.
        counts[2:] = [count // 2 for count in counts[2:]]
        table.add_row(f"{margin}", *map(str, counts))
    return table


def peak_mib() -> float:
    """The most memory this process has held."""
    [line] = re.findall(r"VmHWM:\s+(\d+) kB", Path("/proc/self/status").read_text())
    return int(line) / 1024


def main(
    sources: Annotated[list[Path] | None, typer.Argument(help="As `saltseg mosaics`.")] = None,
    tiles: Annotated[int, typer.Option(help="Synthetic ones.")] = 4000,
    margin: float = 1.0,
) -> None:
    """Find mosaics, and say how long it took and how often it was wrong."""
    console = Console(highlight=False)
    truth = None
    if sources:
        ids, images = read_pictures(sources)
    else:
        ids, images, truth = synthetic(tiles)
    # Making or reading them took more: Linux counts its peak from here.
    Path("/proc/self/clear_refs").write_text("5")
    before = peak_mib()
    began = time.perf_counter()
    found = neighbours(find_mosaics(images, ids, margin))
    seconds = time.perf_counter() - began
    more = peak_mib() - before
    console.print(f"{len(ids)} tiles: {len(found)} touch, {seconds:.0f} s, {more:.0f} MiB more")
    if truth is None:
        console.print(chance(images))
        return
    true = neighbours(truth)
    right = len(found & true)
    console.print(f"precision {right / len(found):.4f}, recall {right / len(true):.3f}")


if __name__ == "__main__":
    typer.run(main)
