"""A network and tiles of noise, for benchmarks that time training.

The network is that of the recipe `seed`, whatever the defaults are: figures of different commits
can be held side by side.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from benchmarks.overrides import overrides_of
from saltseg.array_types import Bytes
from saltseg.params import Params, load_params, with_overrides

if TYPE_CHECKING:
    from saltseg.training.batches import TrainingBatches
    from saltseg.training.trainee import Trainee


ROOT = Path(__file__).parents[1]
NETWORK = ("model.decoder", "model.decoder_filters", "train.optimizer", "train.schedule")
"""What is taken of the recipe."""


def trial_params(changed: Mapping[str, Any] | None = None) -> Params:
    """The parameters with that network, and what else is asked for, by dotted name."""
    recipe = overrides_of((ROOT / "recipes/seed").read_text().split())
    fixed = {name: recipe[name] for name in NETWORK}
    return with_overrides(load_params(ROOT / "params.yaml"), {**fixed, **(changed or {})})


def compiled(params: Params, side: int, channels: int = 3) -> "Trainee":
    """The U-Net as training compiles it for its first loss; the engine must be set up."""
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
