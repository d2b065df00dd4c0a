"""What saving the state after each epoch costs, as a share of that epoch.

Training steps and saves alternate in one process; an epoch is as many steps as a fold of five
leaves for training.
"""

import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from benchmarks.trials import trial_params
from saltseg.training.runtime import prepare_engine


def main(
    backbone: Annotated[str, typer.Option(help="A row of the backbone table.")] = "resnet50",
    size: Annotated[int, typer.Option(help="Side of the input, pixels.")] = 224,
    batch: Annotated[int, typer.Option(help="Tiles in a batch.")] = 8,
    tiles: Annotated[int, typer.Option(help="Tiles in an epoch; TGS: 4,000 * 4/5.")] = 3200,
    rounds: Annotated[int, typer.Option(help="Steps and saves timed.")] = 5,
    threads: Annotated[int | None, typer.Option(help="As train.threads.")] = None,
) -> None:
    """Print the seconds of a step and of a save, and the share of an epoch."""
    prepare_engine(seed=1, threads=threads)
    import keras
    import numpy as np

    from saltseg.backbones import backbone_row
    from saltseg.nets.unet import build_unet
    from saltseg.objectives.losses.bce_dice import BceDice
    from saltseg.training.states import State, States

    model = build_unet(backbone_row(backbone), size, 3, trial_params().model)
    model.compile(keras.optimizers.Adam(1e-4), BceDice("bce_dice"))
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (batch, size, size, 3), np.uint8)
    masks = images[..., :1] // 128
    model.train_on_batch(images, masks)  # compiles
    steps, saves = [], []
    with tempfile.TemporaryDirectory(dir=".") as folder:
        states = States(Path(folder))
        for epoch in range(1, rounds + 1):
            steps.append(_seconds(lambda: model.train_on_batch(images, masks)))
            state = State(epoch=epoch, best=epoch)
            saves.append(_seconds(lambda state=state: states.save(model, state)))
        (file,) = states.folder.glob("*.npz")
        mebibytes = file.stat().st_size / 2**20
    step, save = statistics.median(steps), statistics.median(saves)
    table = Table("backbone", "px", "step, s", "epoch, s", "save, s", "MiB", "save / epoch")
    epoch_seconds = step * tiles / batch
    share = f"{save / epoch_seconds:.2%}"
    table.add_row(
        backbone, str(size), f"{step:.2f}", f"{epoch_seconds:.0f}", f"{save:.2f}",
        f"{mebibytes:.0f}", share,
    )  # fmt: skip
    Console().print(table)


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    typer.run(main)
