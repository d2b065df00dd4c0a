"""A recipe on a machine with a GPU that need not have TensorFlow, DVC or MLflow.

    benchmarks/gpu.sh recipes/gpu data/tgs --seconds 3000
    benchmarks/gpu.sh recipes/gpu data/tgs --epochs 2 -S preprocess.side=32   # a try on a CPU

Runs the stages up to the folds in a workspace of its own, build/gpu, times the third epoch of the
first fold that the recipe trains, and trains its folds for as many epochs as the seconds hold, with
Keras on the recipe's engine. Leaves in --out what `saltseg submit --models` needs and result.json:
the scores on the tiles held out, of each fold and, if the recipe has a hold-out, of all together on
that; seconds an epoch; and the most memory that the GPU held.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated

import numpy as np
import typer
import yaml

from benchmarks.overrides import overrides_of
from saltseg.params import Params, load_params, with_overrides
from saltseg.scoring.prediction_files import OUT_OF_FOLD, UNSEEN, file_name
from saltseg.tiles.folds.table import HOLDOUT, read_folds
from saltseg.tiles.inputs.processed import read_processed
from saltseg.tiles.mosaics.table import groups_of, read_mosaics
from saltseg.tiles.survey import read_array, read_tiles
from saltseg.training.runtime import engine_facts, prepare_engine

ROOT = Path(__file__).parents[1]
WORKSPACE = ROOT / "build/gpu"
STAGES = ("locate", "acquire", "preprocess", "mosaics", "split")
LATER = 1.2
"""What an epoch may take, as a multiple of the one timed: a second loss may be slower."""


def prepare_tiles(params: Params, dataset: Path) -> None:
    """Run the stages up to the folds."""
    shutil.rmtree(WORKSPACE, ignore_errors=True)
    (WORKSPACE / ".dvc").mkdir(parents=True)
    shutil.copy(ROOT / "dvc.yaml", WORKSPACE)  # marks where stages run
    shutil.copytree(dataset, WORKSPACE / params.dataset)
    (WORKSPACE / "params.yaml").write_text(yaml.safe_dump(params.model_dump(mode="json")))
    for stage in STAGES:
        command = (sys.executable, ROOT / f"stages/{stage}.py")
        subprocess.run(command, cwd=WORKSPACE, check=True)


def peak_memory(engine: str) -> int | None:
    """The most bytes that the GPU has held for this process; None where nothing counts them."""
    if engine == "jax":
        import jax

        return (jax.devices()[0].memory_stats() or {}).get("peak_bytes_in_use")
    if engine == "torch":
        import torch

        return torch.cuda.max_memory_allocated() if torch.cuda.is_available() else None
    import tensorflow as tf

    gpus = tf.config.list_logical_devices("GPU")
    return tf.config.experimental.get_memory_info(gpus[0].name)["peak"] if gpus else None


def scores(files: list[Path], params: Params, fold: int) -> dict[str, float]:
    """Mean scores of tiles in which networks that never saw them find salt, together.

    Args:
        files: Probabilities of each network, as `train` writes them.
        params: The threshold.
        fold: Of the tiles; `HOLDOUT` for those that all folds leave out.

    Returns:
        Each score, and `map_iou_low` and `map_iou_high`, the 95 % interval over mosaics.
    """
    from saltseg.comparison.paired import bootstrap_interval
    from saltseg.scoring.scores import count_pixels, tile_scores

    own = read_folds(WORKSPACE / "data/folds.csv")["fold"].to_numpy() == fold
    masks = read_array(WORKSPACE / "data/survey/masks.npy")[own]
    ids = read_tiles(WORKSPACE / "data/survey")["id"]
    mosaics = groups_of(read_mosaics(WORKSPACE / "data/mosaics.csv"), ids)[own]
    probability = np.mean([np.load(file).astype(np.float32) for file in files], axis=0)
    table = tile_scores(count_pixels(masks, probability > params.evaluate.threshold))
    same = np.zeros(len(masks), np.int64)
    interval = bootstrap_interval(table["map_iou"], same, mosaics, level=0.95)
    means = {key: float(table[key].mean()) for key in table}
    return means | {"map_iou_low": interval.low, "map_iou_high": interval.high}


def main(
    recipe: Annotated[Path, typer.Argument(help="File of overrides.")],
    dataset: Annotated[Path, typer.Argument(help="Folder in the layout of the Kaggle download.")],
    out: Annotated[Path, typer.Option(help="Folder for what it leaves.")] = ROOT / "build/gpu-out",
    seconds: Annotated[float, typer.Option(help="For all of it, from now on.")] = 3000,
    epochs: Annotated[int | None, typer.Option(help="In place of --seconds.")] = None,
    change: Annotated[list[str] | None, typer.Option("-S", help="Override the recipe.")] = None,
) -> None:
    """Prepare, time, train, score."""
    began = time.perf_counter()
    changed = overrides_of(recipe.read_text().split()) | overrides_of(change or [])
    params = with_overrides(load_params(ROOT / "params.yaml"), changed)
    trained = params.train.folds
    prepare_tiles(params, dataset)
    print(f"tiles ready after {time.perf_counter() - began:.0f} s", flush=True)
    # So that the second fold need not compile what the first one did.
    os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", str(WORKSPACE / "compiled"))
    prepare_engine(params.train.seed, params.train.threads, params.train.engine)
    import keras

    from saltseg.training.fit import train_fold
    from saltseg.training.fold_data import FoldData
    from saltseg.training.states import States
    from stages.train import write_result

    tiles = read_processed(WORKSPACE / "data/processed", params.preprocess)
    folds = read_folds(WORKSPACE / "data/folds.csv")
    ends: list[float] = []
    clock = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: ends.append(time.perf_counter())
    )
    if epochs is None:
        short = with_overrides(params, {"train.epochs": 3, "train.second_loss": "none"})
        with tempfile.TemporaryDirectory() as folder:
            data = FoldData.of(tiles, folds, trained[0])
            train_fold(data, short, "trial", States(Path(folder)), None, [clock])
        # Compiling a second time, for a second loss, is in what has passed once.
        passed = time.perf_counter() - began
        left = seconds - 1.5 * passed
        epochs = int(left / (ends[2] - ends[1]) / LATER / len(trained))
        print(f"{ends[2] - ends[1]:.1f} s an epoch, {passed:.0f} s passed: {epochs} epochs")
    params = with_overrides(params, {"train.epochs": max(2, epochs)})
    facts = engine_facts(params.train.threads)
    found: dict[str, dict[str, float]] = {}
    taken, pauses = 0.0, []
    shutil.rmtree(out, ignore_errors=True)
    for fold in trained:
        data, title = FoldData.of(tiles, folds, fold), f"{params.backbone} fold {fold}"
        ends.clear()
        start = time.perf_counter()
        with tempfile.TemporaryDirectory() as folder:
            result = train_fold(data, params, title, States(Path(folder)), None, [clock])
        taken += time.perf_counter() - start
        pauses += np.diff(ends).tolist()
        folder_of = out / f"fold-{fold}"
        folder_of.mkdir(parents=True)
        write_result(result, params, tiles.native, facts, folder_of)
        for flip in (False, True):
            own = folder_of / file_name(OUT_OF_FOLD, flip=flip)
            found[f"fold-{fold}{' flip' * flip}"] = scores([own], params, fold)
    if len(data.unseen):
        for flip in (False, True):
            every = [out / f"fold-{fold}" / file_name(UNSEEN, flip=flip) for fold in trained]
            found[f"hold-out, together{' flip' * flip}"] = scores(every, params, HOLDOUT)
    (out / "params.yaml").write_text(yaml.safe_dump(params.model_dump(mode="json")))
    told = {
        "engine": facts,
        "epochs": epochs,
        "tiles": len(data.fitted),
        "seconds_of_training": round(taken, 1),
        "seconds_an_epoch": round(float(np.median(pauses)), 2),
        "peak_gpu_memory": peak_memory(params.train.engine),
        "scores": found,
    }
    (out / "result.json").write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    typer.run(main)
