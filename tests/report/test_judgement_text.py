"""What is said of uncertainty and error."""

import json
from dataclasses import replace

import numpy as np
import pytest

from saltseg.report.uncertainty import (
    judgement_numbers,
    judgement_sentence,
    judgement_table,
    measure_names,
)
from saltseg.uncertainty.judgement import Judgement
from saltseg.uncertainty.sparsification import Sparsification

CURVE = Sparsification(np.array([0, 0.5]), np.array([0.2, 0.1]), ause=0.0512, of_random=0.4)
FOUND = Judgement(
    tiles=12,
    pixels=1200,
    error=0.2,
    deviation=CURVE,
    ambiguity=replace(CURVE, ause=0.03, of_random=0.25),
    difference=0.0212,
    interval=(0.01, 0.03),
)
NAMES = measure_names(3, flip=False)


@pytest.mark.parametrize(
    ("interval", "difference", "better"),
    [
        ((0.01, 0.03), 0.02, "p (1 - p) of the mean."),
        ((-0.03, -0.01), -0.02, "spread of 3 networks."),
        ((-0.01, 0.03), 0.02, "neither, surely."),
        ((float("nan"),) * 2, 0.02, "not known."),
    ],
)
def test_the_sentence_says_no_more_than_is_known(
    interval: tuple[float, float], difference: float, better: str
) -> None:
    found = replace(FOUND, interval=interval, difference=difference)
    said = judgement_sentence(found, NAMES)
    assert said.startswith(f"Predicts the error better: {better} AUSE of the first less")
    assert f"{difference:+.4f}" in said


def test_the_table_has_the_error_rate_of_what_remains() -> None:
    table = judgement_table(FOUND, NAMES)
    assert table.title.endswith("of all 20.00% (12 tiles)")
    # 10 of 100 go evenly with the first half: at a tenth, (20 - 3) / 90.
    assert table.rows[0] == (
        "spread of 3 networks",
        "0.0512",
        "0.400",
        f"{(20 - 1.5) / 95:.2%}",
        f"{(20 - 3) / 90:.2%}",
        f"{(20 - 6) / 80:.2%}",
    )


def test_names_say_what_is_spread_over() -> None:
    assert measure_names(5, flip=True)[0] == "spread of 5 networks and flips"
    assert measure_names(1, flip=True)[0] == "spread of one network and flips"


def test_numbers_are_json() -> None:
    found = json.loads(json.dumps(judgement_numbers(FOUND)))
    assert found["deviation"] == {"ause": 0.0512, "of_random": 0.4}
    assert found["interval"] == [0.01, 0.03]
    none = judgement_numbers(replace(FOUND, interval=(float("nan"),) * 2))
    assert none["interval"] is None
