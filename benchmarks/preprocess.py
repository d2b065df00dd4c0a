"""Making the network's input, beside the way of the seed's notebook.

    python -m benchmarks.preprocess --tiles 22000

The notebook's way: each tile as float32 with its channels, appended to a list, the list made an
array at the end. Ours writes uint8 through a memory map, block by block. Each runs in a process of
its own on the same random tiles of 101 px, in turn; memory is the most that the process held, as
Linux tells it.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import numpy as np
import pandas as pd
import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from saltseg.tiles.masks import coverage_of
from saltseg.tiles.survey import Survey, save_survey

ROOT = Path(__file__).parents[1]
NATIVE = 101

MEASURE = """
import json, re, sys, time
from pathlib import Path

import cv2
import numpy as np
from saltseg.params import load_params
from saltseg.tiles.inputs.arrays import write_arrays
from saltseg.tiles.inputs.channels import depth_ramp, gradient
from saltseg.tiles.survey import read_array

who, survey, out, side = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]), int(sys.argv[4])
options = load_params(Path("params.yaml")).preprocess.model_copy(update={"side": side})


def notebook():
    tiles, truths = [], []
    pairs = zip(read_array(survey / "images.npy"), read_array(survey / "masks.npy"))
    for image, mask in pairs:
        planes = [image, depth_ramp(image, 0.0), gradient(image, 0.0)]
        scaled = [cv2.resize(plane, (side, side)).astype(np.float32) / 255 for plane in planes]
        tiles.append(np.stack(scaled, -1))
        truths.append(cv2.resize(mask, (side, side), interpolation=cv2.INTER_NEAREST)[..., None])
    np.save(out / "images.npy", np.array(tiles))
    np.save(out / "masks.npy", np.array(truths, np.float32))


began = time.perf_counter()
notebook() if who == "notebook" else write_arrays(survey, out, options)
seconds = time.perf_counter() - began
# Not getrusage: what that tells begins with what the parent held.
most = int(re.search(r"VmHWM:\\s*(\\d+) kB", Path("/proc/self/status").read_text())[1])
print(json.dumps([seconds, most / 1024]))
"""
"""Prints seconds and MiB."""


def measured(who: str, survey: Path, side: int) -> tuple[float, float]:
    """Seconds and MiB of one of the two."""
    with tempfile.TemporaryDirectory() as out:
        command = (sys.executable, "-c", MEASURE, who, str(survey), out, str(side))
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        seconds, memory = json.loads(done.stdout.splitlines()[-1])
        return seconds, memory


def main(
    tiles: Annotated[int, typer.Option(min=100, help="How many.")] = 4000,
    side: Annotated[int, typer.Option(help="Of the input, a multiple of 32.")] = 128,
    rounds: Annotated[int, typer.Option(min=1, help="Turns of each.")] = 3,
) -> None:
    """Print seconds, memory and the ratios."""
    draw = np.random.default_rng(0)
    shape = tiles, NATIVE, NATIVE
    with tempfile.TemporaryDirectory() as folder:
        survey = Path(folder)
        masks = draw.integers(0, 2, shape, np.uint8)
        rows = pd.DataFrame({"id": [f"{number:07d}" for number in range(tiles)], "z": 0.0})
        images = draw.integers(0, 256, shape, np.uint8)
        labelled = rows.assign(coverage=coverage_of(masks))
        save_survey(Survey(images, masks, labelled, images[:0], rows[:0]), survey)
        turns = [
            [measured(who, survey, side) for who in ("ours", "notebook")] for _ in range(rounds)
        ]
    shown = Table("", "seconds", "MiB", title=f"{tiles} tiles, {side} px", box=SIMPLE)
    for number, who in enumerate(("ours", "notebook's way")):
        seconds, memory = (
            statistics.median(turn[number][part] for turn in turns) for part in (0, 1)
        )
        shown.add_row(who, f"{seconds:.1f}", f"{memory:.0f}")
    ratios = [statistics.median(turn[1][part] / turn[0][part] for turn in turns) for part in (0, 1)]
    shown.add_row("notebook / ours", *(f"{ratio:.1f}" for ratio in ratios))
    Console().print(shown)


if __name__ == "__main__":
    typer.run(main)
