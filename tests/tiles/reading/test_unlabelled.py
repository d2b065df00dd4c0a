"""128 of 255 in a mask: what nobody has labelled."""

from pathlib import Path

import numpy as np
import pytest

from saltseg.tiles.masks import UNLABELLED
from saltseg.tiles.reading.kaggle import read_kaggle
from saltseg.tiles.reading.pngs import mask_from_png
from saltseg.tiles.survey import save_survey
from tests.tiles.download import HEIGHT, IDS, WIDTH, assert_one_line, grey, png, salt, write
from tests.tiles.download import UNLABELLED as TEST_IDS


def gappy(index: int, level: int = 255, gap: int = 128, rows: int = 2) -> np.ndarray:
    """The mask of a tile as people write it, its first rows unlabelled."""
    kind = np.uint16 if level > 255 else np.uint8
    mask = salt(index).astype(kind) * kind(level)
    mask[:rows] = gap
    return mask


def expected(index: int, rows: int = 2) -> np.ndarray:
    mask = salt(index)
    mask[:rows] = UNLABELLED
    return mask


@pytest.mark.parametrize(("level", "gap"), [(255, 128), (1, 128), (65535, 128), (65535, 32896)])
@pytest.mark.parametrize("rows", [2, HEIGHT])
@pytest.mark.parametrize("index", [0, 3])
def test_beside_each_level_that_salt_may_have(index: int, rows: int, level: int, gap: int) -> None:
    mask, soft = mask_from_png(png(gappy(index, level, gap, rows)), "x.png")
    np.testing.assert_array_equal(mask, expected(index, rows))
    assert not soft


def test_a_grey_edge_may_have_that_level_too() -> None:
    levels = salt(3) * np.uint8(255)
    levels[2, :2] = 90, 128
    mask, soft = mask_from_png(png(levels), "x.png")
    assert soft
    assert mask.sum() == salt(3).sum() + 1


def test_a_survey_labelled_in_part(kaggle: Path) -> None:
    """train.csv knows more, and is held against what is labelled only."""
    write(kaggle, "train/masks/3d4.png", png(gappy(3, rows=HEIGHT - 2)))
    survey = read_kaggle(kaggle)
    np.testing.assert_array_equal(survey.masks[3], expected(3, HEIGHT - 2))
    assert survey.tiles["coverage"][3] == pytest.approx(2 / WIDTH)
    assert survey.remarks == [
        f"1 of 4 masks have unlabelled pixels (128; first: 3d4), {1 / 6:.1%} of all: left out of"
        " loss and scores"
    ]
    wrong = gappy(3)
    wrong[-1] = 0
    write(kaggle, "train/masks/3d4.png", png(wrong))
    assert_one_line(kaggle, ["3d4", "differ in 2 pixels"])


def test_a_tile_without_any_label_is_one_without_a_mask(kaggle: Path, tmp_path: Path) -> None:
    write(kaggle, "train/masks/1b2.png", png(gappy(1, rows=HEIGHT)))
    survey = read_kaggle(kaggle)
    assert survey.tiles["id"].tolist() == ["0a1", "2c3", "3d4"]
    assert survey.tiles.index.tolist() == [0, 1, 2]
    assert survey.masks.max() == 1
    assert survey.unlabelled_tiles["id"].tolist() == [*TEST_IDS, "1b2"]
    assert survey.unlabelled_tiles["z"].tolist() == [104, 105, 101]
    np.testing.assert_array_equal(survey.unlabelled[-1], grey(1))
    np.testing.assert_array_equal(survey.images[1], grey(2))
    assert survey.remarks[1].startswith("1 of these masks label nothing (first: 1b2)")
    save_survey(survey, tmp_path / "survey")
    (kaggle / "test/images/8e5.png").unlink()
    (kaggle / "test/images/9f6.png").unlink()
    (kaggle / "test/images").rmdir()
    (kaggle / "test").rmdir()
    assert read_kaggle(kaggle).unlabelled_tiles["z"].tolist() == [101]


def test_salt_written_as_128_is_asked_for(kaggle: Path) -> None:
    for index, id_ in enumerate(IDS):
        write(kaggle, f"train/masks/{id_}.png", png(salt(index) * np.uint8(128)))
    names = ["train/masks/1b2.png", "no mask has any salt", "write 255"]
    assert_one_line(kaggle, names)


def test_beside_masks_that_were_resized_it_is_not_known(kaggle: Path) -> None:
    write(kaggle, "train/masks/1b2.png", png(gappy(1)))
    soft = salt(3) * np.uint8(255)
    soft[0] = 60
    write(kaggle, "train/masks/3d4.png", png(soft))
    assert_one_line(kaggle, ["train/masks/1b2.png", "train/masks/3d4.png", "by the nearest pixel"])
