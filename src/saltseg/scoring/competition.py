"""The metric of the TGS competition, which training watches as well."""

IOU_THRESHOLDS = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95)
"""IoU thresholds of the TGS competition; a tile hits one where its IoU is above it."""
