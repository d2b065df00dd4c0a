"""Batches of tiles; order and augmentation depend on (seed, epoch, tile) and nothing else."""

from collections.abc import Sequence

import cv2
import keras
import numpy as np
from numpy.typing import NDArray

from saltseg.array_types import Bytes
from saltseg.params import Augment
from saltseg.tiles.inputs.processed import Kind

MIDDLE = 127.5
"""Grey level of amplitude zero."""


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
            masks: All masks, (N, S, S, 1) uint8, 0 or 1.
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
        """
        super().__init__(images, masks, tiles, batch_size)
        self._seed, self._augment, self._kinds = seed, augment, kinds
        self.start_epoch(0)

    def start_epoch(self, epoch: int) -> None:
        """Fix order and augmentation for epoch `epoch`, counted from 0."""
        self._epoch = epoch
        order = np.random.default_rng((self._seed, epoch)).permutation(self._tiles)
        self._batches = np.array_split(order, len(self._batches))

    def __getitem__(self, index: int) -> tuple[Bytes, Bytes]:
        """Batch `index`, augmented; shapes and ranges as in `TileBatches`."""
        images, masks = super().__getitem__(index)
        for position, tile in enumerate(self._batches[index]):
            # Not `tile`: a zero at the end would repeat the draws that made the order.
            random = np.random.default_rng((self._seed, self._epoch, tile + 1))
            images[position], masks[position] = augment_tile(
                images[position], masks[position], self._augment, self._kinds, random
            )
        return images, masks


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


def augment_tile(
    image: Bytes,
    mask: Bytes,
    options: Augment,
    kinds: Sequence[Kind],
    random: np.random.Generator,
) -> tuple[Bytes, Bytes]:
    """Mirror, shift and scale a tile and its mask together, and change brightness and contrast.

    What comes in from outside the tile is its mirror image. Channels of kind `gradient` end as if
    made of the changed grey levels, but for rounding; those of kind `position` stay, since where a
    pixel lies in its tile does not change.

    Args:
        image: (S, S, C) uint8.
        mask: (S, S, 1) uint8.
        options: What may be changed, and by how much.
        kinds: Of the C channels.
        random: Source of the draws, used up in a fixed order.

    Returns:
        Image and mask, shapes and dtypes unchanged.
    """
    size = mask.shape[0]
    mirrored = options.flip and random.random() < 0.5
    zoom = 1 + random.uniform(-options.scale, options.scale)
    shift = random.uniform(-options.shift, options.shift, 2) * size
    brighter = random.uniform(-options.brightness, options.brightness) * 255
    gain = (1 + options.contrast) ** random.uniform(-1, 1)
    centre = (size - 1) / 2
    across = -zoom if mirrored else zoom
    matrix = np.array(
        [[across, 0, centre * (1 - across) + shift[0]], [0, zoom, centre * (1 - zoom) + shift[1]]]
    )
    changed = image.copy()
    for channel, kind in enumerate(kinds):
        if kind == "position":
            continue
        moved = _warp(image[..., channel], matrix, cv2.INTER_LINEAR)
        if kind == "grey":
            levels = gain * (moved - MIDDLE) + MIDDLE + brighter
        else:
            levels = gain / zoom * moved
        changed[..., channel] = np.rint(np.clip(levels, 0, 255)).astype(np.uint8)
    return changed, _warp(mask[..., 0], matrix, cv2.INTER_NEAREST)[..., None]


def _warp(plane: Bytes, matrix: NDArray[np.float64], how: int) -> Bytes:
    """Apply an affine map to one (S, S) plane; OpenCV takes at most four channels at a time."""
    warped = cv2.warpAffine(
        plane, matrix, plane.shape[::-1], flags=how, borderMode=cv2.BORDER_REFLECT_101
    )
    return warped.astype(np.uint8, copy=False)
