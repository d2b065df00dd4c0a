"""Optimizers that keep a moving average of the weights, which is what is scored and kept."""

from typing import Any

import keras


class Averaged(keras.optimizers.Optimizer):
    """Exchanges weights and averages when asked; to be put before an optimizer's class.

    The average itself is that of Keras (`use_ema`), one of the iterates of stochastic approximation
    (Polyak and Juditsky 1992, doi:10.1137/0330046) that forgets the early ones.
    """

    def exchange(self) -> None:
        """Give the network the averages, and keep its weights; once more gives them back."""
        if self.use_ema and self.built:
            pairs = zip(self._trainable_variables, self._averages, strict=True)
            for variable, average in pairs:
                weights = keras.ops.convert_to_numpy(variable).copy()
                variable.assign(average)
                average.assign(weights)

    @property
    def _averages(self) -> list[keras.Variable]:
        averages: list[keras.Variable] = self._model_variables_moving_average
        return averages

    def finalize_variable_values(self, var_list: Any) -> None:
        """Change nothing at the end of a `fit`, where Keras puts averages in place of weights.

        Another phase goes on from the weights, and the state after the last epoch holds them.
        """


def exchange_averages(optimizer: keras.optimizers.Optimizer) -> None:
    """Exchange weights and averages, where the optimizer keeps any; scaled losses wrap it."""
    inner: Any = getattr(optimizer, "inner_optimizer", optimizer)
    if isinstance(inner, Averaged):
        inner.exchange()
