"""A learning rate that rises for some steps and then falls to zero along a cosine.

Source: Loshchilov and Hutter 2017, arXiv:1608.03983, one cycle; the warm-up of Goyal et al. 2017,
arXiv:1706.02677.
"""

import keras

from saltseg.objectives import Counting
from saltseg.params import Train


def rate(options: Train, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """By step, of all `steps` of the training; the optimizer counts them."""
    rising = round(options.cosine.warmup * steps)
    return keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if rising else options.learning_rate,
        decay_steps=steps - rising,
        warmup_target=options.learning_rate if rising else None,
        warmup_steps=rising,
    )


def make(options: Train) -> Counting:
    """Nothing is decided between epochs."""
    return Counting()
