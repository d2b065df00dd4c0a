"""Loss, optimizer and schedule as the parameters name them, and when a training ends.

Each choice is a file with a function `make` (a schedule has `rate`, too), and nothing else names
it: to add one is to add its file. A stage depends on the file that it uses, so neither a new one
nor an edited other retrains. What decides from epoch to epoch saves and restores its own counts.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, ClassVar, NamedTuple

import keras

from saltseg.objectives.pixels import PixelLoss
from saltseg.objectives.rates import Slower
from saltseg.params import NONE, Train

MONITOR = "val_map_iou"
"""What the best weights, the learning rate and early stopping are decided by; more is better."""

Rate = keras.optimizers.schedules.LearningRateSchedule | float
"""A learning rate: one for each step, or one to begin with."""

Counts = dict[str, float | int | None]


class Counting(keras.callbacks.Callback):
    """A callback whose decisions depend on earlier epochs.

    Keras sets its counts to their beginning when a training starts; `restore` comes after that.
    """

    COUNTED: ClassVar[tuple[str, ...]] = ()

    def counts(self) -> Counts:
        """All that it must remember."""
        return {name: getattr(self, name) for name in self.COUNTED}

    def restore(self, counts: Counts) -> None:
        """Restore what `counts` returned."""
        for name in self.COUNTED:
            setattr(self, name, counts[name])


class Stopping(Counting, keras.callbacks.EarlyStopping):
    """Ends a training after `patience` epochs without a better `MONITOR`; knows the best epoch."""

    COUNTED = ("best", "wait", "best_epoch", "stopped_epoch")

    def __init__(self, options: Train) -> None:
        """As `train.early_stopping` asks for."""
        super().__init__(monitor=MONITOR, mode="max", patience=options.early_stopping.patience)


class Decisions(NamedTuple):
    """What decides in one training.

    Attributes:
        schedule: The learning rate.
        stopping: The best epoch and the end.
    """

    schedule: Counting
    stopping: Stopping

    def counts(self) -> dict[str, Counts]:
        """Of both, by field."""
        return {name: one.counts() for name, one in self._asdict().items()}

    def restore(self, counts: dict[str, Counts]) -> None:
        """Restore what `counts` returned; nothing where there is none yet."""
        for name, one in counts.items():
            getattr(self, name).restore(one)


class LogLearningRate(keras.callbacks.Callback):
    """Puts the learning rate of each epoch into the log; must come before what changes it."""

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Log."""
        if logs is not None:
            logs["learning_rate"] = float(self.model.optimizer.learning_rate)


class Phase(NamedTuple):
    """A part of a training for which a network is compiled.

    Attributes:
        loss: Its loss.
        frozen: Whether the encoder stays as it is.
        end: The epoch after which it ends, counted from 1.
    """

    loss: PixelLoss
    frozen: bool
    end: int


def make_phases(options: Train, partly_labelled: bool = False) -> list[Phase]:
    """Parts with `train.loss` and `train.second_loss`, from `objectives/losses`, in their order.

    Args:
        options: Names, and when each begins.
        partly_labelled: Whether masks may have unlabelled pixels.
    """
    losses = {options.epochs: _file("losses", options.loss).make(partly_labelled)}
    if options.second_loss != NONE:
        first = round(options.second_from * options.epochs)
        second = _file("losses", options.second_loss).make(partly_labelled)
        losses = {first: losses[options.epochs], options.epochs: second}
    ends = sorted({*losses, options.frozen_epochs} - {0})
    return [
        Phase(
            loss=losses[min(last for last in losses if last >= end)],
            frozen=end <= options.frozen_epochs,
            end=end,
        )
        for end in ends
    ]


def make_optimizer(
    options: Train, steps: int, encoder: Sequence[keras.Variable] = ()
) -> keras.optimizers.Optimizer:
    """The optimizer `train.optimizer`, from `objectives/optimizers`.

    Args:
        options: Names and settings.
        steps: Of the whole training, for schedules that go by them.
        encoder: Variables that learn at `train.encoder_rate` times the rate.
    """
    rate = _file("schedules", options.schedule).rate(options, steps)
    optimizer: Slower = _file("optimizers", options.optimizer).make(options, rate)
    optimizer.slow_down(encoder, options.encoder_rate)
    return optimizer


def make_decisions(options: Train) -> Decisions:
    """The schedule `train.schedule`, from `objectives/schedules`, and early stopping."""
    return Decisions(_file("schedules", options.schedule).make(options), Stopping(options))


def _file(kind: str, name: str) -> Any:
    return import_module(f"saltseg.objectives.{kind}.{name}")
