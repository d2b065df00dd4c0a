"""Batches of tiles; order and augmentation depend on (seed, epoch, tile) and nothing else."""

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import keras
import numpy as np
from numpy.typing import NDArray

from saltseg.array_types import Bytes
from saltseg.params import Augment
from saltseg.tiles.inputs.processed import Kind
from saltseg.training.augmentation import augment_tile, part_to_mix


class TileBatches(keras.utils.PyDataset):
    """Feeds tiles to `fit`, `evaluate` and `predict`.

    Batches of an epoch differ by at most one tile in size: a last batch of one or two tiles
    would upset batch normalisation.
    """

    def __init__(
        self, images: Bytes, masks: Bytes, tiles: NDArray[np.int64], batch_size: int
    ) -> None:
        """Feed tiles in their order, unchanged.

        Args:
            images: All tiles, (N, S, S, C) uint8; a memory map will do.
            masks: All masks, (N, S, S, 1) uint8, values as in `tiles.masks`.
            tiles: Indices of the tiles to feed.
            batch_size: Most tiles in a batch.
        """
        super().__init__()
        self._images, self._masks, self._tiles = images, masks, tiles
        self._batches = np.array_split(tiles, max(1, -(-len(tiles) // batch_size)))

    def __len__(self) -> int:
        """Batches in an epoch."""
        return len(self._batches)

    def __getitem__(self, index: int) -> tuple[Bytes, Bytes]:
        """Batch `index`: tiles (B, S, S, C) uint8 and masks (B, S, S, 1) uint8."""
        batch = self._batches[index]
        return self._images[batch], self._masks[batch]


class TrainingBatches(TileBatches):
    """Tiles in a new order every epoch, each one augmented."""

    def __init__(
        self,
        images: Bytes,
        masks: Bytes,
        tiles: NDArray[np.int64],
        batch_size: int,
        *,
        seed: int,
        augment: Augment,
        kinds: Sequence[Kind],
        threads: int = 0,
    ) -> None:
        """Feed tiles shuffled and augmented; `start_epoch` must be called before each epoch.

        Args:
            images: As in `TileBatches`.
            masks: As in `TileBatches`.
            tiles: As in `TileBatches`.
            batch_size: As in `TileBatches`.
            seed: Together with epoch and tile it fixes order and augmentation.
            augment: What may be changed, and by how much.
            kinds: Of the C channels: how each one follows augmentation.
            threads: How many make the batches that come next while one is trained on; none of this
                shows in the batches. Not `workers` of Keras, whose queue keeps batches of an epoch
                for the next one.
        """
        super().__init__(images, masks, tiles, batch_size)
        self._seed, self._augment, self._kinds = seed, augment, kinds
        self._pool = ThreadPoolExecutor(threads, "batches") if threads else None
        self._ahead = 2 * threads
        self.start_epoch(0)

    def start_epoch(self, epoch: int) -> None:
        """Fix order and augmentation for epoch `epoch`, counted from 0."""
        self._epoch = epoch
        order = np.random.default_rng((self._seed, epoch)).permutation(self._tiles)
        self._batches = np.array_split(order, len(self._batches))
        self._coming: dict[int, Future[tuple[Bytes, Bytes]]] = {}

    def __getitem__(self, index: int) -> tuple[Bytes, Bytes]:
        """Batch `index`, augmented; shapes and ranges as in `TileBatches`."""
        if self._pool is None:
            return self._make(self._epoch, self._batches[index])
        for later in range(index, min(index + 1 + self._ahead, len(self))):
            if later not in self._coming:
                job = self._pool.submit(self._make, self._epoch, self._batches[later])
                self._coming[later] = job
        return self._coming.pop(index).result()

    def _make(self, epoch: int, tiles: NDArray[np.int64]) -> tuple[Bytes, Bytes]:
        images, masks = self._images[tiles], self._masks[tiles]
        for position, tile in enumerate(tiles):
            images[position], masks[position], random = self._augmented(epoch, int(tile))
            part = part_to_mix(masks.shape[1], self._augment.mix, random)
            if part:
                image, mask, _ = self._augmented(epoch, int(random.choice(self._tiles)))
                images[position][part], masks[position][part] = image[part], mask[part]
        return images, masks

    def _augmented(self, epoch: int, tile: int) -> tuple[Bytes, Bytes, np.random.Generator]:
        """A tile, its mask, and what is left of its random numbers."""
        # Not `tile`: a zero at the end would repeat the draws that made the order.
        random = np.random.default_rng((self._seed, epoch, tile + 1))
        image, mask = self._images[tile], self._masks[tile]
        return *augment_tile(image, mask, self._augment, self._kinds, random), random


def is_constant(
    images: Bytes, tiles: NDArray[np.int64], kinds: Sequence[Kind]
) -> NDArray[np.bool_]:
    """Which tiles hold one grey level only, so that there is nothing to learn from.

    Args:
        images: All tiles, (N, S, S, C) uint8.
        tiles: Indices of n tiles.
        kinds: Of the C channels.

    Returns:
        (n,); False everywhere where no channel shows grey levels.
    """
    grey = [channel for channel, kind in enumerate(kinds) if kind == "grey"]
    return np.array([bool(grey) and not np.ptp(images[tile][..., grey]) for tile in tiles], bool)
