"""How unsure an ensemble is of a pixel."""

import numpy as np
import pytest

from saltseg.errors import DataError
from saltseg.uncertainty.measures import ambiguity, deviation, require_several


def test_deviation_is_that_of_numpy() -> None:
    each = np.random.default_rng(0).random((5, 7, 8), np.float32)
    found = deviation(list(each))
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, np.std(each.astype(float), axis=0), rtol=1e-6)
    assert deviation([each[0] * 0, each[0] * 0 + 1]) == pytest.approx(0.5)


def test_equal_predictions_of_half_precision_do_not_deviate() -> None:
    one = np.random.default_rng(0).random((7, 8)).astype(np.float16)
    assert not deviation([one] * 3).any()


def test_ambiguity_orders_pixels_as_variance_and_entropy_do() -> None:
    p = np.array([0.0, 0.03, 0.3, 0.5, 0.8, 0.9, 1.0])
    assert ambiguity(p) == pytest.approx([0, 0.03, 0.3, 0.5, 0.2, 0.1, 0])
    inner = p[1:-1]
    entropy = -inner * np.log(inner) - (1 - inner) * np.log(1 - inner)
    assert ambiguity(inner).argsort().tolist() == entropy.argsort().tolist()
    assert ambiguity(p).argsort().tolist() == (p * (1 - p)).argsort().tolist()


@pytest.mark.parametrize(
    ("networks", "flip", "says"),
    [
        (1, False, "one network that predicts once; predict mirrored, too"),
        (0, False, "an ONNX file"),
        (0, True, "an ONNX file"),
    ],
)
def test_one_prediction_has_no_uncertainty(networks: int, flip: bool, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        require_several(networks, flip)
    assert "\n" not in str(caught.value)


def test_two_predictions_have_one() -> None:
    require_several(1, True)
    require_several(2, False)
