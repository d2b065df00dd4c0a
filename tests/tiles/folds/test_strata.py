"""Coverage classes by hand."""

import numpy as np
import pytest

from saltseg.tiles.folds.strata import coverage_class, merge_rare


@pytest.mark.parametrize(
    ("coverage", "expected"),
    [
        (0, 0),
        (1e-9, 1),
        (1 / 101**2, 1),
        (0.1, 1),
        (0.1000001, 2),
        (0.2, 2),
        (0.3, 3),
        (0.1 + 0.2, 3),  # 0.30000000000000004
        (0.3000001, 4),
        (0.7, 7),
        (0.9999, 10),
        (1.0, 10),
    ],
)
def test_coverage_class_boundaries(coverage: float, expected: int) -> None:
    assert coverage_class(np.array([coverage])).tolist() == [expected]


def test_every_tenth_belongs_to_the_class_below() -> None:
    assert coverage_class(np.arange(11) / 10).tolist() == list(range(11))


def test_rare_classes_join_the_next_lower_one_and_it_is_told() -> None:
    classes = np.repeat([0, 2, 7, 10], [8, 6, 3, 1])
    strata, told = merge_rare(classes, 5)
    # The lone tile of class 10 joins class 7, whose four tiles then join class 2.
    assert strata.tolist() == np.repeat([0, 2], [8, 10]).tolist()
    assert told == [
        "coverage class 10 has 1 tiles, too few for 5 parts: split together with class 7",
        "coverage class 7 has 4 tiles, too few for 5 parts: split together with class 2",
    ]
    assert classes.tolist() == np.repeat([0, 2, 7, 10], [8, 6, 3, 1]).tolist()


def test_rare_class_0_joins_the_next_higher_one() -> None:
    strata, told = merge_rare(np.repeat([0, 4, 9], [2, 7, 7]), 5)
    assert strata.tolist() == np.repeat([4, 9], [9, 7]).tolist()
    assert told == [
        "coverage class 0 has 2 tiles, too few for 5 parts: split together with class 4"
    ]
