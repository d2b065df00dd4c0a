"""Make docs/examples: a section and a cube of the synthetic survey that no tile was cut from.

PYTHONPATH=src python docs/make_examples.py
"""

from pathlib import Path

import cv2
import numpy as np
import segyio

from saltseg.inference.grey.amplitudes import grey_levels
from saltseg.tiles.synthetic.geology import make_section
from saltseg.tiles.synthetic.recipe import read_recipe

OUT = Path("docs/examples")
SEED, HEIGHT, WIDTH = 5, 400, 800
LINES, TRACES, SAMPLES = 4, 128, 128
TOP, LEFT = 120, 210
"""Where in the section the cube begins: at the border of its salt."""
STEP = 4
"""Traces by which a line of the cube lies beside the one before."""


def main() -> None:
    """Invent one section, show it as a picture, and cut lines of the cube from it."""
    recipe = read_recipe(Path("data/synthetic.yaml"))
    large = recipe.section.model_copy(update={"rows": 10, "columns": 20, "tile": 101})
    recipe = recipe.model_copy(update={"section": large})
    amplitudes, _ = make_section(recipe, free=100, rng=np.random.default_rng(SEED))
    section = np.asarray(amplitudes[:HEIGHT, :WIDTH], np.float32)
    OUT.mkdir(exist_ok=True)
    path = OUT / "section.png"
    cv2.imwrite(str(path), grey_levels(section), [cv2.IMWRITE_PNG_COMPRESSION, 9])
    starts = range(LEFT, LEFT + STEP * LINES, STEP)
    lines = [section[TOP : TOP + SAMPLES, start : start + TRACES].T for start in starts]
    cube = np.ascontiguousarray(lines)
    # 4 ms a sample; numbers of lines and traces as surveys have them.
    spec = segyio.spec()
    spec.format, spec.sorting = 5, segyio.TraceSortingFormat.INLINE_SORTING
    spec.samples = 4.0 * np.arange(SAMPLES)
    spec.ilines, spec.xlines = np.arange(100, 100 + LINES), np.arange(500, 500 + TRACES)
    with segyio.create(str(OUT / "cube.sgy"), spec) as file:
        for line, number in enumerate(spec.ilines):
            for trace, crossline in enumerate(spec.xlines):
                place = line * TRACES + trace
                file.header[place] = {
                    segyio.TraceField.INLINE_3D: int(number),
                    segyio.TraceField.CROSSLINE_3D: int(crossline),
                    segyio.TraceField.TRACE_SAMPLE_COUNT: SAMPLES,
                    segyio.TraceField.TRACE_SAMPLE_INTERVAL: 4000,
                }
                file.trace[place] = cube[line, trace]
        file.bin.update({segyio.BinField.Interval: 4000, segyio.BinField.Samples: SAMPLES})
    print(*sorted(OUT.iterdir()))


if __name__ == "__main__":
    main()
