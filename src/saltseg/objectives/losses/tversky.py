"""Dice with a higher price for salt that is missed."""

import keras

from saltseg.objectives.pixels import PixelLoss


class Tversky(PixelLoss):
    """Tversky loss over the batch (Salehi et al. 2017, arXiv:1706.05721).

    Missed salt costs 0.7 a pixel, false salt 0.3: alpha and beta as Keras 3 computes them, not as
    its documentation says.
    """

    def of(
        self,
        truth: keras.KerasTensor,
        found: keras.KerasTensor,
        labelled: keras.KerasTensor | None,
    ) -> keras.KerasTensor:
        """Loss of a batch; arguments and result as those of `PixelLoss`."""
        return keras.losses.tversky(truth, found, alpha=0.7, beta=0.3)


def make(partly_labelled: bool = False) -> Tversky:
    """The loss, without options."""
    return Tversky("tversky", partly_labelled)
