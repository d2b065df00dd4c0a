"""Optimizers in which some variables learn more slowly than others."""

from collections.abc import Iterable
from typing import Any

import keras


class Slower(keras.optimizers.Optimizer):
    """Gives some variables a share of the learning rate; to be put before an optimizer's class.

    What weight decay takes from them is not less.
    """

    _slow: frozenset[int] = frozenset()
    _share = 1.0

    def slow_down(self, variables: Iterable[keras.Variable], share: float) -> None:
        """Give variables a share of the rate; once, before any step."""
        self._slow, self._share = frozenset(map(id, variables)), share

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Change a variable by its gradient; arguments as Keras'."""
        # TensorFlow hands over its own variable in place of Keras'.
        own = self._trainable_variables[self._get_variable_index(variable)]
        if id(own) in self._slow:
            learning_rate = learning_rate * self._share
        super().update_step(gradient, variable, learning_rate)
