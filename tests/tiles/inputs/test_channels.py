"""Channels, by hand-worked numbers."""

import numpy as np
import pandas as pd
import pytest

from saltseg.errors import DataError
from saltseg.params import Preprocess
from saltseg.tiles.inputs.channels import (
    CHANNELS,
    depth_ramp,
    depth_range,
    gradient,
    intensity,
    network_input,
    survey_depth,
)

GREY = np.array([[10, 20, 40], [10, 50, 45], [200, 50, 0]], np.uint8)
TILES = pd.DataFrame({"id": ["a", "b", "c"], "z": [100.0, 300.0, 150.0]})


def test_registry_is_what_parameters_may_name() -> None:
    schema = Preprocess.model_json_schema()["properties"]["channels"]["items"]
    assert list(CHANNELS) == schema["enum"]


@pytest.mark.parametrize("name", CHANNELS)
def test_shape_and_dtype(name: str) -> None:
    made = CHANNELS[name].make(np.zeros((7, 5), np.uint8), 0.5)
    assert made.shape == (7, 5)
    assert made.dtype == np.uint8


def test_intensity_is_the_tile() -> None:
    np.testing.assert_array_equal(intensity(GREY, 0.0), GREY)


@pytest.mark.parametrize("height", [2, 3, 5, 101, 256])
def test_depth_ramp_follows_its_formula(height: int) -> None:
    ramp = depth_ramp(np.zeros((height, 4), np.uint8), 0.0)
    expected = [round(255 * y / (height - 1)) for y in range(height)]
    for column in ramp.T:
        assert column.tolist() == expected


def test_depth_ramp_of_five_rows() -> None:
    # 255 times 0, 1/4, 1/2, 3/4, 1 = 0, 63.75, 127.5, 191.25, 255; halves go to the even number.
    assert depth_ramp(np.zeros((5, 1), np.uint8), 0.0)[:, 0].tolist() == [0, 64, 128, 191, 255]


def test_gradient_by_hand() -> None:
    # |dx|, last column repeated: 10 20 20 / 40 5 5 / 150 50 50
    # |dy|, last row repeated:    0 30 5 / 190 0 45 / 190 0 45
    expected = [[10, 50, 25], [230, 5, 50], [255, 50, 95]]
    np.testing.assert_array_equal(gradient(GREY, 0.0), expected)


def test_gradient_is_clipped_and_does_not_wrap() -> None:
    # In each direction 255: 510, which is 254 modulo 256.
    corner = np.array([[0, 255], [255, 0]], np.uint8)
    np.testing.assert_array_equal(gradient(corner, 0.0), [[255, 255], [255, 255]])


def test_gradient_of_a_flat_tile_is_zero() -> None:
    assert not gradient(np.full((4, 4), 200, np.uint8), 0.0).any()


@pytest.mark.parametrize(("relative_z", "level"), [(0.0, 0), (0.25, 64), (1.0, 255)])
def test_survey_depth_is_one_level(relative_z: float, level: int) -> None:
    assert (survey_depth(GREY, relative_z) == level).all()


def test_range_of_depths() -> None:
    assert depth_range(TILES, ["intensity", "survey_depth"]) == (100, 300)


def test_depths_are_not_needed_where_no_channel_asks() -> None:
    assert depth_range(TILES.assign(z=np.nan), ["intensity", "gradient"]) is None


def test_missing_depth_names_tile_and_key() -> None:
    unknown = TILES.assign(z=[100.0, np.nan, np.nan])
    with pytest.raises(DataError) as caught:
        depth_range(unknown, ["survey_depth"])
    message = str(caught.value)
    assert "preprocess.channels: survey_depth" in message
    assert "2 have none (first: b)" in message
    assert "\n" not in message


def test_network_input_holds_the_channels_in_their_order() -> None:
    options = Preprocess.model_construct(side=3, channels=["gradient", "survey_depth", "intensity"])
    made = network_input(GREY, 0.25, options)
    np.testing.assert_array_equal(made[..., 0], gradient(GREY, 0))
    assert (made[..., 1] == 64).all()
    np.testing.assert_array_equal(made[..., 2], GREY)
