"""Windows through the networks and back onto their pictures."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Generic

import numpy as np

from saltseg.array_types import Bytes
from saltseg.errors import DataError
from saltseg.inference.pictures import Label, Outcome, Picture, PredictOptions, no_depth
from saltseg.inference.queues import ahead, batches
from saltseg.inference.windows import Canvas, Floats
from saltseg.nets.blueprint import Blueprint
from saltseg.params import Preprocess
from saltseg.tiles.inputs.channels import network_input
from saltseg.tiles.inputs.fitting import fit_back
from saltseg.uncertainty.measures import deviation

Networks = Callable[[Bytes], Floats]
"""Network input (B, S, S, C) uint8 -> salt probability (B, S, S) float32, mean over the folds."""

Apart = Callable[[Bytes], tuple[Floats, Sequence[Floats]]]
"""The same, to the bit, and beside it the salt probability by each network."""


_LEAST_SIDE = 2


@dataclass(frozen=True)
class Nets:
    """Networks that predict together.

    Attributes:
        blueprint: Of each.
        mean: Gives their mean.
        apart: Gives each one's answer, too; None where that cannot be had.
    """

    blueprint: Blueprint
    mean: Networks
    apart: Apart | None


@dataclass(frozen=True)
class _Window(Generic[Label]):
    """A part of a picture, of a tile's size at most.

    Attributes:
        picture: The picture.
        number: Which of its windows.
        shape: Height and width, pixels.
        input: What the networks see, (S, S, C) uint8.
        preprocess: How it was made.
        canvas: Where the windows of the picture come together.
        apart: The same for their uncertainty, where that is asked for.
    """

    picture: Picture[Label]
    number: int
    shape: tuple[int, ...]
    input: Bytes
    preprocess: Preprocess
    canvas: Canvas
    apart: Canvas | None

    def add(self, mean: Floats, each: Sequence[Floats]) -> bool:
        """Put down what was predicted; returns whether it was the last window of the picture.

        Args:
            mean: Salt probabilities, (S, S).
            each: Those by each network, where uncertainty is asked for.
        """
        if self.apart:
            # Brought back first: so they are what the networks say of the picture's pixels.
            self.apart.add(self.number, deviation([self._back(one) for one in each]))
        return self.canvas.add(self.number, self._back(mean))

    def outcome(self) -> Outcome[Label]:
        """What was predicted for the picture, once all windows are there."""
        found = self.canvas.probabilities
        apart = self.apart.probabilities if self.apart else None
        if self.picture.holes is not None:
            for values in (found, apart):
                if values is not None:
                    values[self.picture.holes] = 0
        return Outcome(self.picture, found, apart)

    def _back(self, tile: Floats) -> Floats:
        height, width = self.shape
        return fit_back(tile, height, width, self.preprocess)


def predict_pictures(
    nets: Nets,
    pictures: Iterable[Picture[Label]],
    options: PredictOptions,
    progress: Callable[[float], None],
) -> Generator[Outcome[Label]]:
    """Predict pictures as they come; see `SaltModel.predict_each`."""
    windows = _windows(nets.blueprint, pictures, options)
    # Closed, so that nothing is read any more when an error is shown.
    with closing(ahead(batches(windows, options.batch_size))) as made:
        for batch in made:
            inputs = np.stack([window.input for window in batch])
            mean, each = _forward(nets, inputs, options)
            for place, window in enumerate(batch):
                last = window.add(mean[place], [one[place] for one in each])
                progress(1 / len(window.canvas.windows))
                if last:
                    yield window.outcome()


def _windows(
    blueprint: Blueprint, pictures: Iterable[Picture[Label]], options: PredictOptions
) -> Iterator[_Window[Label]]:
    native, preprocess = blueprint.native, blueprint.preprocess
    for picture in pictures:
        if native.depths is not None and not np.isfinite(picture.z):
            raise DataError(no_depth(picture.label))
        if picture.grey.ndim != 2 or min(picture.grey.shape) < _LEAST_SIDE:
            size = "x".join(map(str, picture.grey.shape))
            raise DataError(
                f"{picture.label}: {size} pixels; expected at least {_LEAST_SIDE} a side, so"
                " remove or replace it"
            )
        z = float(native.relative(np.array([picture.z]))[0])
        laid = picture.grey.shape, (native.height, native.width), options.overlap
        canvas, apart = Canvas(*laid), Canvas(*laid) if options.uncertainty else None
        for number, place in enumerate(canvas.windows):
            grey = picture.grey[place]
            tile = network_input(grey, z, preprocess)
            yield _Window(picture, number, grey.shape, tile, preprocess, canvas, apart)


def _forward(nets: Nets, inputs: Bytes, options: PredictOptions) -> tuple[Floats, Sequence[Floats]]:
    """All folds on one batch, which is padded, so that few graphs are traced.

    Returns:
        The mean, (B, S, S); and where uncertainty is asked for each network's answer, with `flip`
        also those to the mirrored input.
    """
    count = len(inputs)
    room = min(options.batch_size, 1 << (count - 1).bit_length())
    padded = np.pad(inputs, ((0, room - count), (0, 0), (0, 0), (0, 0)), mode="edge")

    def answers(batch: Bytes) -> tuple[Floats, Sequence[Floats]]:
        return nets.apart(batch) if nets.apart and options.uncertainty else (nets.mean(batch), ())

    found, each = answers(padded)
    if options.flip:
        mirrored, others = answers(np.ascontiguousarray(padded[:, :, ::-1]))
        found = (found + mirrored[:, :, ::-1]) * np.float32(0.5)
        each = [*each, *(one[:, :, ::-1] for one in others)]
    return found[:count], each
