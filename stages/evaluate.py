"""Score the out-of-fold predictions of all folds in train.folds, and draw them.

Reads models/${backbone}, data/survey, data/folds.csv.
Writes metrics: summary.json, curves.csv, curves_folds.csv, tiles.csv, learning_curves.png,
gallery.png.
"""

import json
from pathlib import Path

from saltseg.errors import one_line_errors
from saltseg.files import staged_folder
from saltseg.params import load_params
from saltseg.scoring.out_of_fold import read_out_of_fold
from saltseg.scoring.summary import mean_curves, summarise


def main() -> None:
    """Run the stage in the current folder."""
    with one_line_errors("evaluate"):
        params = load_params()
        options = params.evaluate
        result = read_out_of_fold(
            Path("models") / params.backbone,
            Path("data/survey"),
            Path("data/folds.csv"),
            params.train.folds,
        )
        tiles = result.scored(options.threshold)
        summary = summarise(tiles, result.cost)
        # matplotlib takes a second to import: only now, after the inputs are known good.
        from saltseg.figures.curves import learning_curves
        from saltseg.figures.tiles import gallery

        count = len(params.train.folds)
        title = f"{params.backbone}, {count} fold{'s' * (count > 1)}"
        with staged_folder(Path("metrics")) as out:
            (out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")
            mean_curves(result.curves).to_csv(out / "curves.csv", index=False)
            result.curves.to_csv(out / "curves_folds.csv", index=False)
            tiles.to_csv(out / "tiles.csv", index=False)
            learning_curves(result.curves, title, out / "learning_curves.png")
            gallery(result, tiles, options, title, out / "gallery.png")
        score = summary["map_iou"]
        print(
            f"{title}: map_iou {score['mean']:.3f} ± {score['std']:.3f} "
            f"(no salt anywhere: {summary['empty_map_iou']:.3f}), iou {summary['iou']['mean']:.3f}"
        )


if __name__ == "__main__":
    main()
