"""Train one fold of the backbone.

Reads data/processed, data/folds.csv, data/initial/${backbone}.
Writes models/${backbone}/fold-k: best.weights.h5, history.csv, oof.npy (n, H, W) float16 in the
order of the fold table, network.json, engine.json. Logs live to MLflow.
"""

import argparse
import json
from pathlib import Path

import numpy as np

from saltseg.errors import one_line_errors
from saltseg.files import staged_folder
from saltseg.params import load_params
from saltseg.tiles.folds import read_folds
from saltseg.tiles.native import resize_back
from saltseg.tiles.survey import read_array
from saltseg.training.runtime import engine_versions, prepare_engine


def main(argv: list[str] | None = None) -> None:
    """Run the stage in the current folder."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--fold", type=int, required=True, help="which fold to hold out")
    fold = parser.parse_args(argv).fold
    with one_line_errors("train"):
        params = load_params()
        prepare_engine(params.seed, params.train.threads)
        # Keras and MLflow take seconds to import: only now, after the parameters are known good.
        from saltseg.tracking.live import live_fold
        from saltseg.training.fit import FoldData, train_fold

        processed = Path("data/processed")
        data = FoldData.of(
            read_array(processed / "images.npy"),
            read_array(processed / "masks.npy"),
            read_folds(Path("data/folds.csv")),
            fold,
        )
        native = json.loads((processed / "native.json").read_text())
        initial = Path("data/initial") / params.backbone / "encoder.weights.h5"
        with (
            staged_folder(Path("models") / params.backbone / f"fold-{fold}") as out,
            live_fold(params, fold) as live,
        ):
            result = train_fold(
                data,
                params,
                title=f"{params.backbone} fold {fold}",
                best_weights=out / "best.weights.h5",
                initial=initial if initial.exists() else None,
                watchers=[live.callback()],
            )
            result.history.to_csv(out / "history.csv", index=False)
            np.save(out / "oof.npy", resize_back(result.probabilities, **native))
            (out / "network.json").write_text(json.dumps(vars(result.cost)) + "\n")
            (out / "engine.json").write_text(json.dumps(engine_versions()) + "\n")
            live.log_history(result.history)


if __name__ == "__main__":
    main()
