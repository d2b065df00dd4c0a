"""A network and tiles of noise, for benchmarks that time training; the engine must be set up."""

from typing import TYPE_CHECKING

import numpy as np

from saltseg.array_types import Bytes
from saltseg.params import Params

if TYPE_CHECKING:
    from saltseg.training.batches import TrainingBatches
    from saltseg.training.trainee import Trainee


def compiled(params: Params, side: int, channels: int = 3) -> "Trainee":
    """The U-Net as training compiles it for its first loss."""
    from saltseg.objectives import make_phases
    from saltseg.training.trainee import begin, prepare

    model = begin(params, params.train.seed, side, channels, steps=100)
    prepare(model, make_phases(params.train)[0], params.train)
    return model


def noise(count: int, side: int, channels: int = 3) -> tuple[Bytes, Bytes]:
    """Tiles (count, side, side, channels) and masks (count, side, side, 1)."""
    draw = np.random.default_rng(0)
    tiles = draw.integers(0, 256, (count, side, side, channels), np.uint8)
    return tiles, draw.integers(0, 2, (count, side, side, 1), np.uint8)


def batches_of_noise(
    params: Params, side: int, batches: int, threads: int = 0
) -> "TrainingBatches":
    """As training makes them: shuffled, augmented."""
    from saltseg.training.batches import TrainingBatches

    size = params.train.batch_size
    tiles, masks = noise(size * batches, side)
    return TrainingBatches(
        tiles,
        masks,
        np.arange(len(tiles)),
        size,
        seed=params.train.seed,
        augment=params.train.augment,
        kinds=["grey", "position", "gradient"],
        threads=threads,
    )
