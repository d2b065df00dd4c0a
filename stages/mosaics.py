"""Find which tiles lay side by side in the sections they were cut from.

Reads data/survey.
Writes data/mosaics.csv: id, group, row, column, of labelled and then of unlabelled tiles,
copies at the place of their original; metrics/mosaics.png: the largest.

Example:
    dvc repro mosaics
    dvc exp run -S mosaics.margin=2 mosaics
"""

from pathlib import Path

import numpy as np

from saltseg.files import staged_file
from saltseg.params import load_params
from saltseg.root import at_root
from saltseg.tiles.mosaics.finding import find_mosaics
from saltseg.tiles.mosaics.table import mosaic_sentence
from saltseg.tiles.survey import read_array, read_table, read_tiles

SURVEY = Path("data/survey")
DRAWN = 5


def main() -> None:
    """Run the stage in the current folder."""
    with at_root("mosaics"):
        params = load_params()
        labelled = read_tiles(SURVEY)["id"].tolist()
        unlabelled = read_table(SURVEY / "unlabelled.csv", ("id",))["id"].tolist()
        arrays = [read_array(SURVEY / f"{name}.npy") for name in ("images", "unlabelled")]
        images = np.concatenate(arrays)
        mosaics = find_mosaics(images, labelled + unlabelled, params.mosaics.margin)
        print(f"mosaics: {mosaic_sentence(mosaics)}")
        # matplotlib takes a second to import: only now, after the inputs are known good.
        from saltseg.figures.mosaics import largest_mosaics

        with staged_file(Path("metrics/mosaics.png")) as picture:
            largest_mosaics(images, mosaics, DRAWN, picture)
        with staged_file(Path("data/mosaics.csv")) as file:
            mosaics.to_csv(file, index=False)


if __name__ == "__main__":
    main()
