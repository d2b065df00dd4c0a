"""Gradient descent with Nesterov's momentum (Sutskever et al. 2013, PMLR 28:1139)."""

import keras

from saltseg.objectives import Rate
from saltseg.objectives.averages import Averaged
from saltseg.objectives.rates import Slower
from saltseg.params import Train


class SGD(Averaged, Slower, keras.optimizers.SGD):
    """Momentum with which some variables may learn more slowly."""


def make(options: Train, rate: Rate) -> SGD:
    """Momentum 0.9 at a rate, with `train.weight_decay` of kernels alone."""
    optimizer = SGD(
        rate,
        momentum=0.9,
        nesterov=True,
        weight_decay=options.weight_decay,
        global_clipnorm=options.clip_norm,
        use_ema=options.average > 0,
        ema_momentum=options.average,
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "beta", "gamma"])
    return optimizer
