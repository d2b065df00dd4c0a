"""Train one fold of the backbone.

Reads data/processed, data/folds.csv, data/initial/${backbone}.
Writes models/${backbone}/fold-k: best.weights.h5, history.csv; oof.npy and holdout.npy (n, H, W)
float16 in the order of the fold table, and the same as oof_flip.npy and holdout_flip.npy, means of
those of a tile and of its mirror image; blueprint.json (what builds and feeds the network again),
network.json (its size), engine.json. Logs live to MLflow. Stopped, it goes on after the last
finished epoch, with the same result.

Example:
    dvc repro train@resnet50-0
    dvc exp run -S train.epochs=20 train
"""

import argparse
import json
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from saltseg.backbones import backbone_row
from saltseg.files import require_space, staged_folder
from saltseg.machine import emulated
from saltseg.params import Params, load_params
from saltseg.root import at_root
from saltseg.tiles.folds.table import read_folds
from saltseg.tiles.inputs.native import Native
from saltseg.tiles.inputs.processed import read_processed
from saltseg.training.runtime import engine_facts, prepare_engine

if TYPE_CHECKING:
    from saltseg.training.fit import FoldResult


def main(argv: list[str] | None = None) -> None:
    """Run the stage in the current folder."""
    parser = argparse.ArgumentParser(description="Train one fold of the backbone.")
    parser.add_argument("--fold", type=int, required=True, help="which fold to hold out")
    fold = parser.parse_args(argv).fold
    with at_root("train"):
        params = load_params()
        tiles = read_processed(Path("data/processed"), params.preprocess)
        folds = read_folds(Path("data/folds.csv"))
        # DVC, Keras and MLflow take seconds to import: only now, the inputs are known good. DVC
        # comes first: code may be edited while the others are imported.
        from saltseg.runs.keys import by_name, current_inputs, fold_key, require_unchanged

        stage = f"train@{params.backbone}-{fold}"
        inputs = current_inputs(stage)
        prepare_engine(params.train.seed, params.train.threads, params.train.engine)
        from saltseg.nets.encoders import SOURCES
        from saltseg.nets.initial import find_initial
        from saltseg.runs.unfinished import owned
        from saltseg.tracking.live import live_fold
        from saltseg.training.callbacks import CheckInputs
        from saltseg.training.fit import train_fold
        from saltseg.training.fold_data import FoldData
        from saltseg.training.states import States

        data = FoldData.of(tiles, folds, fold)
        source = SOURCES[backbone_row(params.backbone).source]
        title = f"{params.backbone} fold {fold}"
        engine = engine_facts(params.train.threads) | source.versions()
        if slow := emulated(params.train.precision, engine["device"]):
            print(slow, file=sys.stderr)
        key = fold_key(fold, inputs, engine)
        check = partial(require_unchanged, stage, inputs, title)
        with owned(key, title, by_name(inputs, engine)) as folder:
            states = States(folder)
            with live_fold(params, fold, engine | {"key": key}) as live:
                live.log_finished(states.last().rows)
                given = find_initial(Path("data/initial") / params.backbone)
                watchers = [live.callback(), CheckInputs(check)]
                result = train_fold(data, params, title, states, given, watchers)
                check()
                with staged_folder(Path("models") / params.backbone / f"fold-{fold}") as out:
                    write_result(result, params, tiles.native, engine, out)
                live.log_history(result.history)


def write_result(
    result: "FoldResult", params: Params, native: Native, engine: dict[str, str], out: Path
) -> None:
    """Write the files of a trained fold."""
    from saltseg.nets.blueprint import Blueprint

    # HDF5 that runs out of room prints tracebacks of its own.
    require_space(out, 2 * sum(value.nbytes for value in result.network.get_weights()))
    result.network.save_weights(out / "best.weights.h5")
    result.history.to_csv(out / "history.csv", index=False)
    for name, predicted in result.predictions.items():
        np.save(out / name, native.fit_all_back(predicted, params.preprocess))
    blueprint = Blueprint.of(params, native)
    (out / "blueprint.json").write_text(blueprint.model_dump_json(indent=1) + "\n")
    (out / "network.json").write_text(json.dumps(vars(result.cost)) + "\n")
    (out / "engine.json").write_text(json.dumps(engine) + "\n")


if __name__ == "__main__":
    main()
