"""A learning rate that falls where validation gets no better."""

import keras

from saltseg.objectives import MONITOR, Counting
from saltseg.params import Train


class Plateau(Counting, keras.callbacks.ReduceLROnPlateau):
    """Times `factor` after `patience` epochs without a better `MONITOR`."""

    COUNTED = ("best", "wait", "cooldown_counter")


def rate(options: Train, steps: int) -> float:
    """`train.learning_rate`, to begin with."""
    return options.learning_rate


def make(options: Train) -> Plateau:
    """The schedule of `train.plateau`."""
    return Plateau(
        monitor=MONITOR,
        mode="max",
        factor=options.plateau.factor,
        patience=options.plateau.patience,
        min_lr=options.plateau.min_learning_rate,
    )
