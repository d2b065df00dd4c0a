"""What happens during a fit besides gradient steps: epochs are seeded, failures are told."""

import math
import sys
import time
from pathlib import Path
from typing import Any

import keras
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from saltseg.errors import TrainingError
from saltseg.params import Train
from saltseg.training.batches import TrainingBatches

MONITOR = "val_map_iou"
"""What the best weights, the learning rate and early stopping are decided by; more is better."""

Logs = dict[str, Any]


def decisions(options: Train, best_weights: Path) -> list[keras.callbacks.Callback]:
    """The callbacks that decide by `MONITOR`: best weights, learning rate, early stopping."""
    return [
        keras.callbacks.ModelCheckpoint(
            best_weights, monitor=MONITOR, mode="max", save_best_only=True, save_weights_only=True
        ),
        keras.callbacks.ReduceLROnPlateau(
            monitor=MONITOR,
            mode="max",
            factor=options.plateau.factor,
            patience=options.plateau.patience,
            min_lr=options.plateau.min_learning_rate,
        ),
        keras.callbacks.EarlyStopping(
            monitor=MONITOR, mode="max", patience=options.early_stopping.patience
        ),
    ]


class SeedEpochs(keras.callbacks.Callback):
    """Tells the training batches which epoch begins."""

    def __init__(self, batches: TrainingBatches) -> None:
        """Remember whom to tell."""
        super().__init__()
        self._batches = batches

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Pass the epoch on."""
        self._batches.start_epoch(epoch)


class StopOnNan(keras.callbacks.Callback):
    """Ends training where the loss is not finite, with an error that says when and at what rate."""

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Remember the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Check the running loss.

        Raises:
            TrainingError: It is not finite.
        """
        if not math.isfinite((logs or {}).get("loss", 0.0)):
            rate = float(self.model.optimizer.learning_rate)
            raise TrainingError(
                f"the loss is not finite in epoch {self._epoch + 1}, batch {batch + 1}, at "
                f"learning rate {rate:g}; lower train.learning_rate"
            )


class ShowProgress(keras.callbacks.Callback):
    """A live bar over all steps on a terminal, and one line an epoch everywhere."""

    def __init__(self, title: str) -> None:
        """Name what is trained, for instance `resnet50 fold 0`."""
        super().__init__()
        self._title = title

    def on_train_begin(self, logs: Logs | None = None) -> None:
        """Start the bar."""
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("loss {task.fields[loss]:.3f}"),
            TimeRemainingColumn(),
            disable=not sys.stdout.isatty(),
            transient=True,
        )
        total = self.params["epochs"] * self.params["steps"]
        self._task = self._bar.add_task(self._title, total=total, loss=math.nan)
        self._bar.start()
        if self._bar.disable:
            print(f"{self._title}: {total} steps; the first one compiles the network", flush=True)

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Start the clock."""
        self._began = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Move the bar."""
        self._bar.update(self._task, advance=1, loss=(logs or {}).get("loss", math.nan))

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Tell the epoch in a line."""
        seconds = time.perf_counter() - self._began
        scores = "  ".join(
            f"{key} {(logs or {})[key]:.3f}" for key in ("loss", "val_loss", MONITOR)
        )
        epochs = self.params["epochs"]
        line = f"{self._title}: epoch {epoch + 1}/{epochs}  {scores}  {seconds:.0f} s"
        # The bar's own print keeps the line above it; plain print reaches pipes at once.
        (self._bar.console.print if not self._bar.disable else print)(line)
        sys.stdout.flush()

    def on_train_end(self, logs: Logs | None = None) -> None:
        """Take the bar away."""
        self._bar.stop()
