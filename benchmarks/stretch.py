"""How well salt is found in whole sections, by what their grey levels are stretched to.

python -m benchmarks.stretch models/resnet50          # the workspace's run; about 10 minutes
python -m benchmarks.stretch A B --seeds 2            # folders from `saltseg export`
python -m benchmarks.stretch A --window 2             # another side of windows, tiles

Sections of the synthetic survey that no tile was cut from, with bodies as large and as many as in
it or, where the size ends in L, as few as in a small one and so much larger, are written as .npy
and predicted as `saltseg predict` does; pixel IoU against the true salt. Besides the even sections:
such whose left half has a tenth of the amplitudes of the right, and such that lose all but a
twentieth from top to bottom. `tiles` are the same sections cut into tiles, each stretched alone
as those of the training were: what a network can do at all without seeing further than a tile.
"""

import contextlib
import io
import tempfile
from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from saltseg.inference.files import load_models
from saltseg.inference.grey import stretch
from saltseg.inference.grey.amplitudes import grey_levels
from saltseg.inference.grey.tones import Showing
from saltseg.inference.job import OutputOptions, predict_into
from saltseg.inference.model import SaltModel
from saltseg.inference.pictures import PredictOptions
from saltseg.inference.sections import Reading, open_inputs
from saltseg.tiles.synthetic.geology import make_section
from saltseg.tiles.synthetic.recipe import read_recipe

ROOT = Path(__file__).parents[1]
RECIPE = read_recipe(ROOT / "data/synthetic.yaml")
TILES = RECIPE.section.rows * RECIPE.section.columns
SIZES = ["4x5", "8x10", "10x20L"]
FALL = 3.0
"""Nepers from top to bottom."""


def make(size: str, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Amplitudes and true salt of a section of so many tiles."""
    rows, columns = map(int, size.rstrip("L").split("x"))
    share = 1.0 if size.endswith("L") else rows * columns / TILES
    bodies = tuple(max(1, round(count * share)) for count in RECIPE.salt.bodies)
    recipe = RECIPE.model_copy(
        update={
            "section": RECIPE.section.model_copy(update={"rows": rows, "columns": columns}),
            "salt": RECIPE.salt.model_copy(update={"bodies": bodies}),
        }
    )
    free = round(rows * columns * RECIPE.salt.free)
    amplitudes, salt = make_section(recipe, free, np.random.default_rng(1000 + seed))
    return amplitudes.astype(np.float32), salt


def even(amplitudes: np.ndarray) -> np.ndarray:
    """As they are."""
    return amplitudes


def left(amplitudes: np.ndarray) -> np.ndarray:
    """The left half with a tenth."""
    tenth = np.arange(amplitudes.shape[1]) < amplitudes.shape[1] // 2
    return amplitudes * np.where(tenth, np.float32(0.1), np.float32(1))


def fall(amplitudes: np.ndarray) -> np.ndarray:
    """Ever less downwards."""
    down = np.linspace(0, 1, len(amplitudes), dtype=np.float32)
    return amplitudes * np.exp(-FALL * down)[:, None]


def iou(found: np.ndarray, salt: np.ndarray) -> float:
    """Of all pixels."""
    return float((found & salt).sum() / max(1, (found | salt).sum()))


def predicted(model: SaltModel, amplitudes: np.ndarray, kind: str) -> np.ndarray:
    """The mask of a section, from a file to a file."""
    if kind == "tiles":
        tile = RECIPE.section.tile
        rows = [slice(start, start + tile) for start in range(0, len(amplitudes), tile)]
        columns = [slice(start, start + tile) for start in range(0, amplitudes.shape[1], tile)]
        cut = np.stack([grey_levels(amplitudes[row, one]) for row in rows for one in columns])
        found = model.mask(model.predict(cut)).reshape(len(rows), len(columns), tile, tile)
        return found.swapaxes(1, 2).reshape(amplitudes.shape)
    with tempfile.TemporaryDirectory() as temporary:
        path, out = Path(temporary) / "section.npy", Path(temporary) / "out"
        np.save(path, amplitudes)
        quiet = contextlib.redirect_stdout(io.StringIO())
        with quiet, open_inputs([path], Reading(showing=Showing(kind))) as inputs:
            predict_into(out, model, inputs, PredictOptions(), OutputOptions())
        return np.load(out / "section.mask.npy")


def main(
    models: Annotated[list[Path], typer.Argument(help="Folders of folds.")],
    size: Annotated[
        list[str], typer.Option(help="Tiles down x across; L: few large bodies.")
    ] = SIZES,
    window: Annotated[int, typer.Option(min=1, help="Side of windows, tiles.")] = stretch._TILES,
    seeds: Annotated[int, typer.Option(min=1)] = 4,
) -> None:
    """Print a row for each network, size and kind of section: mean IoU and its range."""
    stretch._TILES = window
    stretches = ("file", "window", "trace", "tiles")
    print("| network | tiles | amplitudes |", " | ".join(stretches), "|")
    print("|---|---|---|" + "---|" * len(stretches))
    for folder in models:
        model = load_models(folder)
        for one in size:
            sections = [make(one, seed) for seed in range(seeds)]
            for change in (even, left, fall):
                cells = []
                for kind in stretches:
                    scores = [
                        iou(predicted(model, change(amplitudes), kind), salt)
                        for amplitudes, salt in sections
                    ]
                    cells.append(f"{np.mean(scores):.3f} ({min(scores):.2f}..{max(scores):.2f})")
                row = " | ".join(cells)
                print(f"| {folder.name} | {one} | {change.__name__} | {row} |", flush=True)


if __name__ == "__main__":
    typer.run(main)
