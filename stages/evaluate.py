"""Score the predictions of all folds in train.folds, and draw them.

Reads models/${backbone}, data/survey, data/folds.csv, data/mosaics.csv.
Writes metrics: summary.json (a dozen numbers), details.json (all of them), curves.csv,
curves_folds.csv, tiles.csv (out of fold), holdout.csv (ensemble of the folds; no rows where there
is no hold-out), calibration.csv, thresholds.csv, learning_curves.png, gallery.png, calibration.png.

Example:
    dvc repro evaluate
    dvc exp run -S evaluate.threshold=0.4 evaluate
"""

import json
from pathlib import Path

from saltseg.files import staged_folder
from saltseg.params import load_params
from saltseg.report.evaluation import lines
from saltseg.root import at_root
from saltseg.scoring.evaluation import Evaluation
from saltseg.scoring.predictions import read_predictions
from saltseg.scoring.summary import headline, mean_curves, summarise
from saltseg.tiles.folds.leaks import leaks
from saltseg.tiles.folds.table import read_folds
from saltseg.tiles.mosaics.table import read_mosaics

FOLDS = Path("data/folds.csv")


def main() -> None:
    """Run the stage in the current folder."""
    with at_root("evaluate"):
        params = load_params()
        options = params.evaluate
        models = Path("models") / params.backbone
        survey, folds = Path("data/survey"), params.train.folds
        result = read_predictions(models, survey, FOLDS, folds, options.flip)
        tiles = result.out_of_fold.scored(options.threshold)
        evaluation = Evaluation(result, options)
        mosaics = read_mosaics(Path("data/mosaics.csv"))
        leak = leaks(read_folds(FOLDS), mosaics, folds)
        details = summarise(tiles, result.cost) | evaluation.summary() | {"leak": leak}
        # matplotlib takes a second to import: only now, after the inputs are known good.
        from saltseg.figures.calibration import calibration
        from saltseg.figures.curves import learning_curves
        from saltseg.figures.tiles import gallery

        count = len(folds)
        title = f"{params.backbone}, {count} fold{'s' * (count > 1)}"
        with staged_folder(Path("metrics")) as out:
            for name, numbers in (("details", details), ("summary", headline(details))):
                (out / f"{name}.json").write_text(json.dumps(numbers, indent=2) + "\n")
            for name, table in (
                ("curves", mean_curves(result.curves)),
                ("curves_folds", result.curves),
                ("tiles", tiles),
                ("holdout", evaluation.holdout),
                ("calibration", evaluation.reliability),
                ("thresholds", evaluation.sweep()),
            ):
                table.to_csv(out / f"{name}.csv", index=False)
            learning_curves(result.curves, title, out / "learning_curves.png")
            gallery(result.out_of_fold, tiles, options, title, out / "gallery.png")
            calibration(evaluation.reliability, evaluation.sweep(), title, out / "calibration.png")
        for line in lines(details):
            print(f"{title}: {line}")


if __name__ == "__main__":
    main()
