"""Draw docs/images/backbones.png: the workspace's backbone beside that of a DVC experiment.

    PYTHONPATH=src python docs/make_readme_picture.py EXPERIMENT

Both must have scored the same folds of the same survey, as `make demo` leaves them.
"""

import sys
import tempfile
from pathlib import Path

import dvc.api

from saltseg.figures.tiles import side_by_side
from saltseg.params import load_params
from saltseg.scoring.predictions import read_predictions

TILES = 6


def main(experiment: str) -> None:
    """Draw tiles whose coverage is spread from little to much salt."""
    params = load_params()
    folds, survey = params.train.folds, Path("data/survey")
    other = dvc.api.params_show("params.yaml", rev=experiment)["backbone"]
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder) / other
        dvc.api.DVCFileSystem(rev=experiment).get(f"models/{other}", str(models), recursive=True)
        results = {
            name: read_predictions(where, survey, Path("data/folds.csv"), folds).out_of_fold
            for name, where in (
                (params.backbone, Path("models") / params.backbone),
                (other, models),
            )
        }
        tiles = next(iter(results.values())).tiles
        partly = tiles[tiles["coverage"].between(0.1, 0.9)].sort_values(["coverage", "id"])
        rows = [int(partly.index[len(partly) * step // TILES]) for step in range(TILES)]
        out = Path("docs/images/backbones.png")
        side_by_side(results, rows, params.evaluate.threshold, out)
        print(out)


if __name__ == "__main__":
    main(sys.argv[1])
