"""What is counted of a mask: what somebody has labelled."""

import numpy as np

from saltseg.tiles.masks import SALT, UNLABELLED, coverage_of, labelled


def test_coverage_is_that_of_the_labelled_pixels() -> None:
    masks = np.zeros((3, 2, 4), np.uint8)
    masks[1:, 0, :2] = SALT
    masks[2, 1] = UNLABELLED
    assert coverage_of(masks).tolist() == [0, 0.25, 0.5]
    assert coverage_of(masks[:0]).shape == (0,)
    assert (~labelled(masks)).sum(axis=(1, 2)).tolist() == [0, 0, 4]
