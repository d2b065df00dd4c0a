"""What `saltseg predict` takes beside the bare networks, from the files to the masks.

Both predict the same tiles with the same networks, which have been traced before: one from a zip of
PNG files to masks on the disk, the other from arrays that are ready, by `model.predict`. They take
turns, and the ratio of each pair is what counts: on a busy machine both are slow together.
"""

import argparse
import shutil
import statistics
import tempfile
import time
import zipfile
from pathlib import Path

import cv2
import numpy as np

from benchmarks.trials import trial_params
from saltseg.inference.defaults import BATCH_SIZE
from saltseg.inference.files import copy_model, load_models, read_folder
from saltseg.inference.job import OutputOptions, predict_into
from saltseg.inference.model import Facts
from saltseg.inference.pictures import PredictOptions
from saltseg.inference.sections import Reading, open_inputs
from saltseg.nets.blueprint import Blueprint
from saltseg.tiles.inputs.channels import network_input
from saltseg.tiles.inputs.native import Native
from saltseg.training.runtime import prepare_engine

SIDE = 101


def main() -> None:
    """Print the ratio of each pair and their median; with --onnx onnxruntime's time, too."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--backbone", default="resnet50")
    parser.add_argument("--size", type=int, default=128, help="side of the network input")
    parser.add_argument("--folds", type=int, default=1, help="networks that predict together")
    parser.add_argument("--tiles", type=int, default=1000)
    parser.add_argument("--pairs", type=int, default=3)
    parser.add_argument("--onnx", action="store_true", help="time onnxruntime on the arrays, too")
    options = parser.parse_args()
    prepare_engine(seed=1, threads=None)
    from saltseg.inference.ensemble import ensemble

    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        blueprint, weights = make_models(folder / "models", options)
        images = make_tiles(folder / "tiles.zip", options.tiles)
        bare = ensemble(blueprint, weights)
        model = load_models(folder / "models")
        ready = np.stack([network_input(i, 0, blueprint.preprocess) for i in images])
        bare.predict(ready[: 2 * BATCH_SIZE], batch_size=BATCH_SIZE, verbose=0)
        model.predict(images[:BATCH_SIZE])
        ratios = []
        for _ in range(options.pairs):
            files = timed(lambda: from_files(model, folder))
            arrays = timed(lambda: bare.predict(ready, batch_size=BATCH_SIZE, verbose=0))
            ratios.append(files / arrays)
            print(f"files {files:.2f} s, bare model.predict {arrays:.2f} s: {ratios[-1]:.3f}")
        print(f"{describe(options)}: {statistics.median(ratios):.3f} times the bare networks")
        if options.onnx:
            from saltseg.inference.onnx import export_onnx

            export_onnx(weights, blueprint, model.facts, folder / "model.onnx")
            time_onnx(folder / "model.onnx", bare, ready, options)


def time_onnx(path: Path, bare, ready: np.ndarray, options: argparse.Namespace) -> None:
    """Compare onnxruntime with Keras on the same arrays."""
    import onnxruntime

    session = onnxruntime.InferenceSession(path)
    parts = [ready[start : start + BATCH_SIZE] for start in range(0, len(ready), BATCH_SIZE)]
    run = lambda: [session.run(None, {"tile": part})[0] for part in parts]  # noqa: E731
    run()
    ratios = []
    for _ in range(options.pairs):
        ours = timed(run)
        ratios.append(ours / timed(lambda: bare.predict(ready, batch_size=BATCH_SIZE, verbose=0)))
    largest = np.abs(np.concatenate(run()) - bare.predict(ready, verbose=0)).max()
    print(
        f"{describe(options)}: onnxruntime {statistics.median(ratios):.3f} times the time of Keras;"
        f" largest difference {largest:.1e}"
    )


def describe(options: argparse.Namespace) -> str:
    """The networks in words."""
    return f"{options.backbone} {options.size} px, {options.folds} fold(s), {options.tiles} tiles"


def make_models(folder: Path, options: argparse.Namespace) -> tuple[Blueprint, list[Path]]:
    """Random networks, as `saltseg export` would write trained ones."""
    params = trial_params()
    preprocess = params.preprocess.model_copy(update={"side": options.size})
    params = params.model_copy(update={"backbone": options.backbone, "preprocess": preprocess})
    blueprint = Blueprint.of(params, Native(height=SIDE, width=SIDE))
    weights = []
    for fold in range(options.folds):
        weights.append(folder.parent / "made" / f"fold-{fold}" / "best.weights.h5")
        weights[-1].parent.mkdir(parents=True)
        blueprint.build().save_weights(weights[-1])
    folder.mkdir()
    copy_model(blueprint, weights, Facts(name="random", threshold=0.5), folder)
    return read_folder(folder)


def make_tiles(path: Path, count: int) -> np.ndarray:
    """Smooth noise, which packs about as well as seismic tiles."""
    random = np.random.default_rng(0)
    images = np.stack(
        [cv2.GaussianBlur(random.normal(128, 200, (SIDE, SIDE)), (0, 0), 2) for _ in range(count)]
    )
    images = np.clip(images, 0, 255).astype(np.uint8)
    with zipfile.ZipFile(path, "w") as archive:
        for number, image in enumerate(images):
            archive.writestr(f"images/{number:06d}.png", cv2.imencode(".png", image)[1].tobytes())
    return images


def from_files(model, folder: Path) -> None:
    """One whole prediction, as `saltseg predict` does it once the model is loaded."""
    shutil.rmtree(folder / "out", ignore_errors=True)
    with open_inputs([folder / "tiles.zip"], Reading()) as inputs:
        predict_into(folder / "out", model, inputs, PredictOptions(), OutputOptions())


def timed(work) -> float:
    """Seconds."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
