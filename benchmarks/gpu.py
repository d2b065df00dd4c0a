"""A recipe on a machine with a GPU that need not have TensorFlow, DVC or MLflow.

    benchmarks/gpu.sh recipes/gpu data/tgs --seconds 3000
    benchmarks/gpu.sh recipes/gpu data/tgs --epochs 2 -S preprocess.side=32   # a try on a CPU

Runs the stages up to the folds in a workspace of its own, build/gpu, times the third epoch of the
first fold that the recipe trains, and trains that fold for as many as the seconds hold, with Keras
on the recipe's engine. Leaves in --out what `saltseg submit --models` needs and result.json: the
scores on the tiles held out, seconds an epoch, and the most memory that the GPU held.
"""

import json
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

from benchmarks.overrides import overrides_of, with_overrides
from saltseg.params import Params, load_params
from saltseg.tiles.folds.table import read_folds
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


def scores(folder: Path, params: Params, fold: int) -> dict[str, float]:
    """Mean scores of the tiles held out, without and with flip, and 95 % intervals of map_iou."""
    from saltseg.comparison.paired import bootstrap_interval
    from saltseg.scoring.scores import count_pixels, tile_scores

    folds = read_folds(WORKSPACE / "data/folds.csv")["fold"].to_numpy()
    masks = read_array(WORKSPACE / "data/survey/masks.npy")[folds == fold]
    ids = read_tiles(WORKSPACE / "data/survey")["id"]
    mosaics = groups_of(read_mosaics(WORKSPACE / "data/mosaics.csv"), ids)[folds == fold]
    found: dict[str, float] = {}
    for name in ("oof", "oof_flip"):
        salt = np.load(folder / f"{name}.npy") > params.evaluate.threshold
        table = tile_scores(count_pixels(masks, salt))
        found |= {f"{name}_{key}": float(table[key].mean()) for key in table}
        interval = bootstrap_interval(table["map_iou"], folds[folds == fold], mosaics, level=0.95)
        found |= {f"{name}_map_iou_low": interval.low, f"{name}_map_iou_high": interval.high}
    return found


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
    fold, engine = params.train.folds[0], params.train.engine
    prepare_tiles(params, dataset)
    print(f"tiles ready after {time.perf_counter() - began:.0f} s", flush=True)
    prepare_engine(params.seed, params.train.threads, engine)
    import keras

    from saltseg.training.fit import train_fold
    from saltseg.training.fold_data import FoldData
    from saltseg.training.states import States
    from stages.train import write_result

    tiles = read_processed(WORKSPACE / "data/processed", params.preprocess)
    data = FoldData.of(tiles, read_folds(WORKSPACE / "data/folds.csv"), fold)
    ends: list[float] = []
    clock = keras.callbacks.LambdaCallback(
        on_epoch_end=lambda epoch, logs: ends.append(time.perf_counter())
    )
    if epochs is None:
        short = with_overrides(params, {"train.epochs": 3, "train.second_loss": "none"})
        with tempfile.TemporaryDirectory() as folder:
            train_fold(data, short, "trial", States(Path(folder)), None, [clock])
        # Compiling a second time, for a second loss, is in what has passed once.
        passed = time.perf_counter() - began
        epochs = int((seconds - 1.5 * passed) / (ends[2] - ends[1]) / LATER)
        print(f"{ends[2] - ends[1]:.1f} s an epoch, {passed:.0f} s passed: {epochs} epochs")
    params = with_overrides(params, {"train.epochs": max(2, epochs)})
    ends.clear()
    title = f"{params.backbone} fold {fold}"
    shutil.rmtree(WORKSPACE / "states", ignore_errors=True)
    start = time.perf_counter()
    result = train_fold(data, params, title, States(WORKSPACE / "states"), None, [clock])
    taken = time.perf_counter() - start
    facts = engine_facts(params.train.threads)
    folder = out / f"fold-{fold}"
    folder.mkdir(parents=True, exist_ok=True)
    write_result(result, params, tiles.native, facts, folder)
    (out / "params.yaml").write_text(yaml.safe_dump(params.model_dump(mode="json")))
    told = {
        "engine": facts,
        "epochs": len(ends),
        "tiles": len(data.fitted),
        "seconds_of_training": round(taken, 1),
        "seconds_an_epoch": round(float(np.median(np.diff(ends))), 2),
        "peak_gpu_memory": peak_memory(engine),
        "scores": scores(folder, params, fold),
    }
    (out / "result.json").write_text(json.dumps(told, indent=1) + "\n")
    print(json.dumps(told, indent=1))


if __name__ == "__main__":
    typer.run(main)
