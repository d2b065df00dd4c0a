"""Blocks of which networks are built."""

import keras
from keras import layers


def basic_block(
    x: keras.KerasTensor, filters: int, name: str, strides: int = 1
) -> keras.KerasTensor:
    """Two 3x3 convolutions, added to the input or, where its shape is another, its projection.

    Batch normalisation and ReLU follow each convolution, the last ReLU the sum; it is called
    `name`. Source: the basic block of He et al. 2016, arXiv:1512.03385, figure 5.
    """
    shortcut = x
    if strides > 1 or x.shape[-1] != filters:
        shortcut = convolve(x, filters, 1, f"{name}_shortcut", strides)
    x = convolve(x, filters, 3, f"{name}_conv0", strides)
    x = layers.Activation("relu", name=f"{name}_relu0")(x)
    x = convolve(x, filters, 3, f"{name}_conv1")
    x = layers.Add(name=f"{name}_add")([x, shortcut])
    return layers.Activation("relu", name=name)(x)


def bottleneck_block(x: keras.KerasTensor, filters: int, name: str) -> keras.KerasTensor:
    """1x1 reduce to a quarter, 3x3, 1x1 expand, added to a 1x1 projection of the input.

    Batch normalisation and ReLU follow each convolution, the last ReLU the sum. Source: the
    bottleneck of He et al. 2016, arXiv:1512.03385, figure 5.
    """
    shortcut = layers.Conv2D(filters, 1, use_bias=False, name=f"{name}_shortcut")(x)
    shortcut = layers.BatchNormalization(name=f"{name}_shortcut_bn")(shortcut)
    for part, (width, kernel) in enumerate(((filters // 4, 1), (filters // 4, 3), (filters, 1))):
        x = layers.Conv2D(width, kernel, padding="same", use_bias=False, name=f"{name}_conv{part}")(
            x
        )
        x = layers.BatchNormalization(name=f"{name}_bn{part}")(x)
        if part == 2:
            x = layers.Add(name=f"{name}_add")([x, shortcut])
        x = layers.Activation("relu", name=f"{name}_relu{part}")(x)
    return x


def scse(x: keras.KerasTensor, name: str, reduction: int = 8) -> keras.KerasTensor:
    """Features times a weight for each channel plus the same times a weight for each pixel.

    Source: concurrent squeeze and excitation, Roy et al. 2018, arXiv:1803.02579.
    """
    filters = x.shape[-1]
    by_channel = layers.GlobalAveragePooling2D(keepdims=True, name=f"{name}_squeeze")(x)
    by_channel = layers.Dense(max(4, filters // reduction), "relu", name=f"{name}_reduce")(
        by_channel
    )
    by_channel = layers.Dense(filters, "sigmoid", name=f"{name}_channels")(by_channel)
    by_pixel = layers.Conv2D(1, 1, activation="sigmoid", name=f"{name}_pixels")(x)
    # x (a + b) in place of x a + x b: one pass less over the features.
    weights = layers.Add(name=f"{name}_weights")([by_channel, by_pixel])
    return layers.Multiply(name=name)([x, weights])


def convolve(
    x: keras.KerasTensor, filters: int, kernel: int, name: str, strides: int = 1
) -> keras.KerasTensor:
    """A convolution without bias, and batch normalisation."""
    x = layers.Conv2D(filters, kernel, strides=strides, padding="same", use_bias=False, name=name)(
        x
    )
    return layers.BatchNormalization(name=f"{name}_bn")(x)
