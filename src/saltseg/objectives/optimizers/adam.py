"""Adam (Kingma and Ba 2015, arXiv:1412.6980), with the usual moments."""

import keras

from saltseg.params import Train


def make(options: Train) -> keras.optimizers.Optimizer:
    """Adam that begins at `train.learning_rate`."""
    return keras.optimizers.Adam(options.learning_rate)
