"""What happens during a fit besides gradient steps: epochs are seeded, failures are reported."""

import math
import sys
import time
from collections.abc import Callable
from typing import Any

import keras
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from saltseg.errors import TrainingError
from saltseg.objectives import MONITOR, Decisions
from saltseg.objectives.averages import exchange_averages
from saltseg.training.batches import TrainingBatches
from saltseg.training.states import State, States

INPUTS_EVERY = 60
"""Seconds between two looks at whether the inputs are still those of the beginning."""

Logs = dict[str, Any]


class SaveStates(keras.callbacks.Callback):
    """Saves the state of the training after every epoch; must come last of all callbacks."""

    def __init__(self, states: States, began: State, deciding: Decisions) -> None:
        """Go on from a state.

        Args:
            states: Where to save.
            began: The state to go on from.
            deciding: Take up what they had counted.
        """
        super().__init__()
        self._states, self._deciding = states, deciding
        self.state = began

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Give the deciding callbacks their counts, which Keras has just reset."""
        self._deciding.restore(self.state.counts)

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Save."""
        self.state = State(
            epoch=epoch + 1,
            best=self._deciding.stopping.best_epoch + 1,
            stopped=self.model.stop_training,
            rows=[*self.state.rows, dict(logs or {})],
            counts=self._deciding.counts(),
        )
        self._states.save(self.model, self.state)


class SeedEpochs(keras.callbacks.Callback):
    """Sets the epoch of the training batches."""

    def __init__(self, batches: TrainingBatches) -> None:
        """Keep the batches."""
        super().__init__()
        self._batches = batches

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Pass the epoch on."""
        self._batches.start_epoch(epoch)


class ScoreAverages(keras.callbacks.Callback):
    """Validates the moving average of the weights, where the optimizer keeps one."""

    def on_test_begin(self, logs: Logs | None = None) -> None:
        """Put it into the network."""
        exchange_averages(self.model.optimizer)

    def on_test_end(self, logs: Logs | None = None) -> None:
        """Put the weights back."""
        exchange_averages(self.model.optimizer)


class CheckInputs(keras.callbacks.Callback):
    """Ends a training whose result could not be recorded any more, hours before its end.

    So ends, too, what a killed `dvc` has left running, once other parameters are asked for.
    """

    def __init__(self, check: Callable[[], None]) -> None:
        """Name what raises where inputs have changed; it may take a second."""
        super().__init__()
        self._check = check

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start the clock."""
        self._checked = time.monotonic()

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Check, if that is some time ago; the epoch before is saved."""
        if time.monotonic() - self._checked >= INPUTS_EVERY:
            self._check()
            self._checked = time.monotonic()


class NotFiniteError(TrainingError):
    """The loss is not a finite number."""


class StopOnNan(keras.callbacks.Callback):
    """Ends training where the loss is not finite, with an error that says when and at what rate.

    An epoch's last step shows in its validation only. Must come before what saves the epoch.
    """

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Remember the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Check the running loss.

        Raises:
            NotFiniteError: It is not finite.
        """
        self._batch = batch
        if not math.isfinite((logs or {}).get("loss", 0.0)):
            self._stop(f"the loss is not finite in epoch {self._epoch + 1}, batch {batch + 1}")

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Check what validation says of the network after the last batch.

        Raises:
            NotFiniteError: A loss or a metric is not finite.
        """
        for name, value in (logs or {}).items():
            if not math.isfinite(value):
                after = f"after epoch {epoch + 1}, batch {self._batch + 1}"
                self._stop(f"{name} is not finite {after}")

    def _stop(self, what: str) -> None:
        rate = float(self.model.optimizer.learning_rate)
        raise NotFiniteError(f"{what}, at learning rate {rate:g}; lower train.learning_rate")


class ShowProgress(keras.callbacks.Callback):
    """A live bar over all steps on a terminal, and one line an epoch everywhere."""

    def __init__(self, title: str, epochs: int, finished: int = 0) -> None:
        """Name what is trained, for instance `resnet50 fold 0`.

        Args:
            title: The name.
            epochs: All that it is to have, in one `fit` or several.
            finished: Those that it has had before.
        """
        super().__init__()
        self._title, self._epochs, self._finished = title, epochs, finished
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]:.3f}"),
            TimeRemainingColumn(),
            disable=not sys.stdout.isatty(),
            transient=True,
        )

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start the bar, once."""
        if self._bar.tasks:
            return
        steps = self.params["steps"]
        total, done = self._epochs * steps, self._finished * steps
        self._task = self._bar.add_task(self._title, total=total, completed=done, loss=math.nan)
        self._bar.start()
        if self._bar.disable and not self._finished:
            print(f"{self._title}: {total} steps; the first one compiles the network", flush=True)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Start the clock."""
        self._began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Move the bar."""
        self._bar.update(self._task, advance=1, loss=(logs or {}).get("loss", math.nan))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Print the epoch in a line."""
        seconds = time.perf_counter() - self._began
        scores = "  ".join(
            f"{key} {(logs or {})[key]:.3f}" for key in ("loss", "val_loss", MONITOR)
        )
        line = f"{self._title}: epoch {epoch + 1}/{self._epochs}  {scores}  {seconds:.0f} s"
        # The bar's own print keeps the line above it; plain print reaches pipes at once.
        (self._bar.console.print if not self._bar.disable else print)(line)
        sys.stdout.flush()

    def close(self) -> None:
        """Take the bar away: Keras says nothing of the end of a training that fails."""
        self._bar.stop()
