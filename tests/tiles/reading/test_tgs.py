"""The real tiles; the folder comes from the environment variable SALTSEG_TGS."""

import os
from pathlib import Path

import numpy as np
import pytest

from saltseg.tiles.reading import rle
from saltseg.tiles.reading.kaggle import read_kaggle
from saltseg.tiles.reading.kaggle_csv import read_column
from saltseg.tiles.survey import Survey

pytestmark = pytest.mark.skipif("SALTSEG_TGS" not in os.environ, reason="SALTSEG_TGS is not set")


@pytest.fixture(scope="module")
def tgs() -> Path:
    return Path(os.environ["SALTSEG_TGS"])


@pytest.fixture(scope="module")
def survey(tgs: Path) -> Survey:
    return read_kaggle(tgs)


def test_sizes(survey: Survey) -> None:
    assert survey.images.shape == survey.masks.shape == (3000, 101, 101)
    assert survey.unlabelled.shape == (1000, 101, 101)
    assert len(survey.tiles) == 3000
    assert len(survey.unlabelled_tiles) == 1000
    assert survey.tiles["id"].is_monotonic_increasing
    assert survey.unlabelled_tiles["id"].is_monotonic_increasing


def test_values(survey: Survey) -> None:
    assert set(np.unique(survey.masks)) == {0, 1}
    assert survey.images.dtype == survey.masks.dtype == survey.unlabelled.dtype == np.uint8
    constant = [np.ptp(stack, axis=(1, 2)) == 0 for stack in (survey.images, survey.unlabelled)]
    assert np.concatenate(constant).sum() == 80


def test_two_tiles_in_five_hold_no_salt(survey: Survey) -> None:
    # 39 % of all 4,000; 38 % of the 3,000 with masks.
    assert (survey.tiles["coverage"] == 0).sum() == 1148


def test_every_tile_has_a_seismic_depth(survey: Survey) -> None:
    assert survey.tiles["z"].between(50, 1000).all()
    assert survey.unlabelled_tiles["z"].between(50, 1000).all()
    assert survey.tiles.set_index("id")["z"]["000e218f21"] == 841


def test_run_lengths_agree_both_ways(tgs: Path, survey: Survey) -> None:
    table = read_column(tgs / "train.csv", "rle_mask")
    assert set(table) == set(survey.tiles["id"])
    for id_, mask in zip(survey.tiles["id"], survey.masks, strict=True):
        assert rle.encode(mask) == table[id_]
        np.testing.assert_array_equal(rle.decode(table[id_], 101, 101, id_), mask)
