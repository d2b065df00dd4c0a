"""A learning rate that rises for some steps and then falls to zero along a cosine, once or often.

Source: Loshchilov and Hutter 2017, arXiv:1608.03983; the warm-up of Goyal et al. 2017,
arXiv:1706.02677.
"""

from typing import Any

import keras

from saltseg.objectives import Counting
from saltseg.params import Train


class Cycles(keras.optimizers.schedules.LearningRateSchedule):
    """A schedule that begins anew after some steps."""

    def __init__(self, one: keras.optimizers.schedules.LearningRateSchedule, steps: int) -> None:
        """Repeat `one` every `steps` steps."""
        super().__init__()
        self._one, self._steps = one, steps

    def __call__(self, step: Any) -> Any:
        """The rate of a step."""
        return self._one(step % self._steps)

    def get_config(self) -> dict[str, Any]:
        """As Keras asks for; schedules are made from parameters, never from this."""
        return {"one": self._one, "steps": self._steps}


def rate(options: Train, steps: int) -> keras.optimizers.schedules.LearningRateSchedule:
    """By step, of all `steps` of the training; the optimizer counts them."""
    cycle = -(-steps // options.cosine.cycles)
    rising = round(options.cosine.warmup * cycle)
    once = keras.optimizers.schedules.CosineDecay(
        initial_learning_rate=0.0 if rising else options.learning_rate,
        decay_steps=max(1, cycle - rising),
        warmup_target=options.learning_rate if rising else None,
        warmup_steps=rising,
    )
    return once if options.cosine.cycles == 1 else Cycles(once, cycle)


def make(options: Train) -> Counting:
    """Nothing is decided between epochs."""
    return Counting()
