"""Keras metrics of the training log: tile scores, averaged over all tiles of an epoch."""

import keras
from keras import ops

from saltseg.scoring.competition import IOU_THRESHOLDS
from saltseg.tiles.masks import SALT, UNLABELLED


def tile_iou(y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
    """IoU of each tile's labelled pixels, binarised at 0.5; empty against empty is 1.

    Args:
        y_true: (B, S, S, 1), values as in `tiles.masks`.
        y_pred: (B, S, S, 1), probabilities.

    Returns:
        (B,) float32, 0 to 1.
    """
    truth = ops.equal(y_true, SALT)
    salt = ops.logical_and(ops.cast(y_pred, "float32") > 0.5, ops.not_equal(y_true, UNLABELLED))
    axes = (1, 2, 3)
    overlap = ops.sum(ops.cast(ops.logical_and(truth, salt), "float32"), axes)
    union = ops.sum(ops.cast(ops.logical_or(truth, salt), "float32"), axes)
    return ops.where(union > 0, overlap / ops.maximum(union, 1.0), 1.0)


def tile_map_iou(y_true: keras.KerasTensor, y_pred: keras.KerasTensor) -> keras.KerasTensor:
    """Competition metric of each tile: the share of IoU thresholds that its IoU exceeds.

    Arguments and result as in `tile_iou`.
    """
    thresholds = ops.convert_to_tensor(IOU_THRESHOLDS, "float32")
    hits = ops.expand_dims(tile_iou(y_true, y_pred), -1) > thresholds
    return ops.mean(ops.cast(hits, "float32"), -1)


def training_metrics() -> list[keras.metrics.Metric]:
    """Fresh `iou` and `map_iou`; each is the mean over tiles, not over batches."""
    return [
        keras.metrics.MeanMetricWrapper(tile_iou, name="iou"),
        keras.metrics.MeanMetricWrapper(tile_map_iou, name="map_iou"),
    ]
