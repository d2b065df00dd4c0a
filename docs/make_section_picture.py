"""Draw docs/images/section.png: salt found by the workspace's run in a section never cut to tiles.

PYTHONPATH=src python docs/make_section_picture.py
"""

from pathlib import Path

import cv2
import numpy as np

import saltseg
from saltseg.figures.overlay import overlay
from saltseg.tiles.synthetic.geology import make_section
from saltseg.tiles.synthetic.recipe import read_recipe

SEED, SIZE = 3, (1000, 2000)


def main() -> None:
    """Invent a section of the synthetic survey, predict it, and draw it at half its size."""
    recipe = read_recipe(Path("data/synthetic.yaml"))
    large = recipe.section.model_copy(update={"rows": 10, "columns": 20, "tile": 101})
    recipe = recipe.model_copy(update={"section": large})
    amplitudes, _ = make_section(recipe, free=100, rng=np.random.default_rng(SEED))
    model = saltseg.load("workspace", repeatable=True)
    grey = model.grey_levels(amplitudes[: SIZE[0], : SIZE[1]])
    picture = overlay(grey, model.mask(model.predict(grey)))
    half = cv2.resize(picture, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    out = Path("docs/images/section.png")
    cv2.imwrite(str(out), half, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    print(out)


if __name__ == "__main__":
    main()
