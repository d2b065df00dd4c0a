"""Encoders of `keras.applications`, which come with Keras."""

import keras

from saltseg.backbones import BackboneRow
from saltseg.errors import WeightsError

PACKAGES: tuple[str, ...] = ()


def build(row: BackboneRow, side: int, channels: int) -> keras.Model:
    """The network that `row.constructor` makes of `row.options`."""
    return _make(row, None, (side, side, channels))


def build_pretrained(row: BackboneRow, side: int) -> keras.Model:
    """The same with the ImageNet weights that Keras downloads once.

    Raises:
        WeightsError: The download failed; the text names the file and what to do instead.
    """
    try:
        return _make(row, "imagenet", (side, side, 3))
    except Exception as error:  # keras.utils.get_file raises a bare Exception on a failed download
        reason = (str(error).strip() or type(error).__name__).splitlines()[-1]
        raise WeightsError(
            f"model.weights: imagenet could not be downloaded ({reason}); fetch the file "
            "elsewhere, put it into weights/ and set model.weights to its name, or to random"
        ) from None


def versions() -> dict[str, str]:
    """None: that of Keras is in the key anyway."""
    return {}


def _make(row: BackboneRow, weights: str | None, shape: tuple[int, int, int]) -> keras.Model:
    constructor = getattr(keras.applications, row.constructor)
    model: keras.Model = constructor(
        include_top=False, weights=weights, input_shape=shape, **row.options
    )
    return model
