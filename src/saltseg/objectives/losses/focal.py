"""Cross-entropy that counts what is sure and right for less."""

import keras

from saltseg.objectives.pixels import PixelLoss, mean_over


class Focal(PixelLoss):
    """Focal loss with gamma 2, mean over pixels (Lin et al. 2017, arXiv:1708.02002)."""

    def of(
        self,
        truth: keras.KerasTensor,
        found: keras.KerasTensor,
        labelled: keras.KerasTensor | None,
    ) -> keras.KerasTensor:
        """Loss of a batch; arguments and result as those of `PixelLoss`."""
        values = keras.losses.binary_focal_crossentropy(truth, found, gamma=2)
        return mean_over(values, labelled)


def make(partly_labelled: bool = False) -> Focal:
    """The loss, without options."""
    return Focal("focal", partly_labelled)
