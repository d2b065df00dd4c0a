"""Adam (Kingma and Ba 2015, arXiv:1412.6980), with the usual moments."""

import keras

from saltseg.nets.kernels import Adam
from saltseg.params import Train


def make(options: Train) -> keras.optimizers.Optimizer:
    """Adam that begins at `train.learning_rate`."""
    return Adam(options.learning_rate)
