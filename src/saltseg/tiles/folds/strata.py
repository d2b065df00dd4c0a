"""Coverage classes, by which folds are stratified."""

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.int64]


def coverage_class(coverage: NDArray[np.float64]) -> Labels:
    """Coverage class of each tile: 0 = no salt, k = salt on more than (k-1)/10 up to k/10 of it.

    Args:
        coverage: (N,) salt fractions, 0 to 1.

    Returns:
        (N,) int64, 0 to 10.
    """
    # Rounding first: a fraction like 0.1 + 0.2 is a hair above 0.3, and would land in class 4.
    return np.ceil(np.round(coverage * 10, 9)).astype(np.int64)


def merge_rare(classes: Labels, parts: int) -> tuple[Labels, list[str]]:
    """Join classes with fewer tiles than parts to the next lower class that has tiles.

    Class 0, where rare, joins the next higher one.

    Args:
        classes: (N,) coverage classes.
        parts: Number of parts that each is to be divided into.

    Returns:
        (N,) strata to split by, and one sentence per join.
    """
    strata, remarks = classes.copy(), []
    for value in np.unique(classes)[::-1]:
        members = strata == value
        others = np.unique(strata[~members])
        if members.sum() >= parts or not len(others):
            continue
        lower = others[others < value]
        target = lower.max() if len(lower) else others.min()
        remarks.append(
            f"coverage class {value} has {members.sum()} tiles, too few for {parts} parts: "
            f"split together with class {target}"
        )
        strata[members] = target
    return strata, remarks
