"""Copies among the tiles: found whatever way they are turned, and held against their originals."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from saltseg.params import Split
from saltseg.tiles.folds.dividing import make_folds
from saltseg.tiles.folds.leaks import leaks
from saltseg.tiles.masks import UNLABELLED
from saltseg.tiles.mosaics.copies import copy_remarks, originals
from saltseg.tiles.mosaics.finding import find_mosaics
from saltseg.tiles.mosaics.table import groups_of
from saltseg.tiles.reading.kaggle import read_kaggle
from saltseg.tiles.survey import Survey
from tests.tiles.download import as_rgb, grey, png, salt, write


@pytest.mark.parametrize("shape", [(7, 7), (7, 5)])
def test_each_copy_has_the_first_as_its_original(shape: tuple[int, int]) -> None:
    one, other = grey(1, shape), grey(2, shape)
    views = [one, other, one.copy(), one[:, ::-1], one[::-1], other[::-1, ::-1]]
    assert originals(np.stack(views)).tolist() == [0, 1, 0, 0, 0, 1]


def test_square_tiles_may_be_turned() -> None:
    one = grey(1, (7, 7))
    assert originals(np.stack([one, np.rot90(one), one.T])).tolist() == [0, 0, 0]


def test_nearly_equal_and_constant_tiles_are_no_copies() -> None:
    one, near = grey(1, (7, 7)), grey(1, (7, 7))
    near[3, 3] ^= 1
    flat = np.full((7, 7), 9, np.uint8)
    assert originals(np.stack([one, near, flat, flat])).tolist() == [0, 1, 2, 3]


def survey(images: list[np.ndarray], masks: list[np.ndarray]) -> Survey:
    """The first tiles have masks, the others have none."""
    ids = pd.DataFrame({"id": [f"t{n}" for n in range(len(images))]})
    count = len(masks)
    return Survey(
        np.stack(images[:count]),
        np.stack(masks),
        ids[:count],
        np.stack(images[count:]),
        ids[count:],
    )


def test_copies_are_counted_and_the_first_pair_is_named() -> None:
    one, other, mask = grey(1), grey(2), salt(2)
    images = [one, other, one, other[:, ::-1], grey(3), one]
    told = list(copy_remarks(survey(images, [mask, mask, mask, mask[:, ::-1]])))
    assert len(told) == 1
    assert told[0].startswith("3 of 6 tiles are copies of others")
    assert "(first: t2 of t0)" in told[0]
    assert list(copy_remarks(survey([one, other, grey(3)], [mask, mask]))) == []


def test_copies_with_another_mask_are_named() -> None:
    one, mask = grey(1), salt(2)
    mirrored = survey([one, one, one[:, ::-1], grey(5)], [mask, mask, mask])
    [_, told] = copy_remarks(mirrored)
    assert told.startswith("1 copies have another mask than their original (first: t2 of t0)")


def test_copies_contradict_each_other_only_where_both_are_labelled() -> None:
    one, mask = grey(1), salt(2)
    gap, wrong = mask.copy(), 1 - mask
    gap[-2:] = wrong[:-2] = UNLABELLED
    assert len(list(copy_remarks(survey([one, one, grey(5)], [mask, gap])))) == 1
    assert len(list(copy_remarks(survey([one, one, grey(5)], [gap, wrong])))) == 1
    assert len(list(copy_remarks(survey([one, one, grey(5)], [mask, wrong])))) == 2


def test_uploaded_twice_it_leaks_unless_grouped(kaggle: Path) -> None:
    """Each tile as `ID (1).png` too: in four folds of one tile each copy would be elsewhere."""
    for path in [*(kaggle / "train").rglob("*.png")]:
        write(path.parent, f"{path.stem} (1).png", path.read_bytes())
    write(kaggle, "test/images/7.png", png(as_rgb(grey(30))))
    read = read_kaggle(kaggle)
    [told] = copy_remarks(read)
    assert told.startswith("4 of 11 tiles are copies of others")
    images = np.concatenate([read.images, read.unlabelled])
    ids = [*read.tiles["id"], *read.unlabelled_tiles["id"]]
    # Borders of five pixels of noise fit by chance: no mosaic but of copies.
    mosaics = find_mosaics(images, ids, margin=1000.0)
    groups = groups_of(mosaics, read.tiles["id"])
    shares = {}
    for strategy in ("stratified", "grouped"):
        options = Split(n_splits=4, strategy=strategy, holdout=0.0, seed=1)
        shares[strategy] = leaks(make_folds(read.tiles, groups, options)[0], mosaics)
    assert shares["stratified"]["copy"] > 0.5
    assert shares["grouped"] == {"neighbour": 0, "mosaic": 0, "copy": 0}
