"""Names of the files in which training keeps what it predicts, and scoring finds it."""

OUT_OF_FOLD, UNSEEN = "oof", "holdout"
"""The fold's own tiles; the hold-out."""


def file_name(part: str, flip: bool) -> str:
    """Name of a file of predictions, (n, H, W) float16 in the order of the fold table.

    Args:
        part: `OUT_OF_FOLD` or `UNSEEN`.
        flip: Whether each is the mean of the prediction of a tile and that of its mirror image.
    """
    return f"{part}_flip.npy" if flip else f"{part}.npy"
