"""Loss, optimizer and schedule as the parameters name them.

Each choice is a file with a function `make`, and nothing else names it: to add one is to add its
file. A stage depends on the file that it uses, so neither a new one nor an edited other retrains.
"""

from importlib import import_module
from typing import Any

import keras

from saltseg.params import Train
from saltseg.training.deciding import Decisions, Stopping


def make_loss(options: Train) -> keras.losses.Loss:
    """The loss `train.loss`, from `training/losses`."""
    loss: keras.losses.Loss = _file("losses", options.loss).make()
    return loss


def make_optimizer(options: Train) -> keras.optimizers.Optimizer:
    """The optimizer `train.optimizer`, from `training/optimizers`."""
    optimizer: keras.optimizers.Optimizer = _file("optimizers", options.optimizer).make(options)
    return optimizer


def make_decisions(options: Train) -> Decisions:
    """The schedule `train.schedule`, from `training/schedules`, and early stopping."""
    return Decisions(_file("schedules", options.schedule).make(options), Stopping(options))


def _file(kind: str, name: str) -> Any:
    return import_module(f"saltseg.training.{kind}.{name}")
