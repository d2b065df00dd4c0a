"""Mosaics: found again after a section was cut, and none where there is none."""

from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from saltseg.tiles.mosaics.borders import Borders
from saltseg.tiles.mosaics.finding import find_mosaics
from saltseg.tiles.synthetic.survey import read_recipe, synthetic_survey

MARGIN = 1.0
SIDE = 40


@cache
def survey() -> tuple[np.ndarray, pd.DataFrame]:
    """A survey noisier than the embedded one, with louder salt, and where its tiles were cut.

    The borders of quiet salt tell less: of the embedded survey fewer neighbours are found.
    """
    recipe = read_recipe(Path(__file__).parents[3] / "data/synthetic.yaml")
    parts: dict[str, Any] = {
        "tiles": 240,
        "unlabelled": 40,
        "noise": recipe.noise.model_copy(update={"level": (0.1, 0.6)}),
        "salt": recipe.salt.model_copy(update={"contrast": (0.1, 0.5), "inside": (0.1, 0.45)}),
        "sediment": recipe.sediment.model_copy(update={"dimming": 0.5, "decay": 1.1}),
    }
    made, truth = synthetic_survey(recipe.model_copy(update=parts))
    ids = [*made.tiles["id"], *made.unlabelled_tiles["id"]]
    images = np.concatenate([made.images, made.unlabelled])
    truth = truth.set_index("id").loc[ids].reset_index()
    return images, truth.rename(columns={"section": "group"})


def neighbours(table: pd.DataFrame) -> set[tuple[str, str, str]]:
    """Pairs of ids that touch, and how."""
    places = {(t.group, t.row, t.column): t.id for t in table.itertuples()}
    return {
        (id_, places[group, row + down, column + 1 - down], "down" if down else "right")
        for (group, row, column), id_ in places.items()
        for down in (0, 1)
        if (group, row + down, column + 1 - down) in places
    }


@pytest.mark.parametrize(
    ("noise", "precision", "recall"),
    [(0, 0.99, 0.93), (2, 0.99, 0.9), (5, 0.99, 0.8), (10, 0.99, 0.4)],
)
def test_sections_are_found_again(noise: float, precision: float, recall: float) -> None:
    """Noise in grey levels, of 255."""
    images, truth = survey()
    drawn = np.random.default_rng(0).normal(0, noise, images.shape)
    noisy = np.clip(images + drawn, 0, 255).astype(np.uint8)
    found = neighbours(find_mosaics(noisy, truth["id"].tolist(), MARGIN))
    true = neighbours(truth)
    assert len(found & true) >= precision * len(found)
    assert len(found & true) >= recall * len(true)


def test_tiles_of_pure_noise_are_no_mosaic() -> None:
    images = np.random.default_rng(0).integers(0, 256, (300, 101, 101), np.uint8)
    found = find_mosaics(images, [str(n) for n in range(300)], MARGIN)
    assert found["group"].tolist() == list(range(300))
    assert not found[["row", "column"]].to_numpy().any()


def smooth(height: int, width: int, seed: int = 0) -> np.ndarray:
    """A section of waves, whose borders differ everywhere."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    waves = sum(
        np.sin(random.uniform(0.1, 1.2) * y + random.uniform(-1.2, 1.2) * x + random.uniform(0, 6))
        for _ in range(40)
    )
    return np.clip(128 + 14 * waves, 0, 255).astype(np.uint8)


def cut(section: np.ndarray) -> np.ndarray:
    rows, columns = (length // SIDE for length in section.shape)
    tiles = section.reshape(rows, SIDE, columns, SIDE).swapaxes(1, 2)
    return tiles.reshape(-1, SIDE, SIDE)


def test_places_are_those_of_the_section() -> None:
    tiles = cut(smooth(3 * SIDE, 4 * SIDE))
    order = np.random.default_rng(1).permutation(12)
    found = find_mosaics(tiles[order], [f"t{n}" for n in order], MARGIN)
    assert found["id"].tolist() == [f"t{n}" for n in order]
    assert found["group"].tolist() == [0] * 12
    assert (found["row"] * 4 + found["column"]).tolist() == order.tolist()


def test_brightness_and_contrast_do_not_matter() -> None:
    tiles = cut(smooth(2 * SIDE, 3 * SIDE)).astype(np.float64)
    random = np.random.default_rng(0)
    scaled = tiles * random.uniform(0.3, 0.6, (6, 1, 1)) + random.uniform(0, 100, (6, 1, 1))
    found = find_mosaics(scaled.astype(np.uint8), list("abcdef"), MARGIN)
    assert (found["row"] * 3 + found["column"]).tolist() == list(range(6))


def test_larger_mosaics_come_first_and_single_tiles_last() -> None:
    small, large, alone = (smooth(SIDE, n * SIDE, seed) for n, seed in ((2, 1), (4, 2), (1, 3)))
    tiles = np.concatenate([cut(alone), cut(small), cut(large)])
    found = find_mosaics(tiles, list("abcdefg"), MARGIN)
    assert found["group"].tolist() == [2, 1, 1, 0, 0, 0, 0]
    assert found["column"].tolist() == [0, 0, 1, 0, 1, 2, 3]


def test_constant_tiles_are_left_alone() -> None:
    """80 of the competition's 4,000 tiles are all black, and fit each other perfectly."""
    tiles = np.concatenate([np.zeros((5, SIDE, SIDE), np.uint8), cut(smooth(SIDE, 2 * SIDE))])
    found = find_mosaics(tiles, list("abcdefg"), MARGIN)
    assert found["group"].tolist() == [1, 2, 3, 4, 5, 0, 0]


def test_twins_cannot_both_be_the_neighbour() -> None:
    """Two tiles that fit equally well: neither is joined, since one join would be wrong."""
    tiles = cut(smooth(SIDE, 2 * SIDE))
    for order in ([0, 1, 1], [0, 0, 1]):
        twins = tiles[order]
        twins[1, SIDE // 2, SIDE // 2] ^= 1
        found = find_mosaics(twins, list("abc"), MARGIN)
        assert found["group"].nunique() == 3


def test_copies_lie_where_their_original_lies() -> None:
    """Mirrored or turned as well; the mosaic is the one that is found without them."""
    tiles = cut(smooth(2 * SIDE, 3 * SIDE))
    copies = [tiles[1], tiles[4][:, ::-1], np.rot90(tiles[4])]
    found = find_mosaics(np.stack([*tiles, *copies]), list("abcdefghi"), MARGIN)
    assert found["id"].tolist() == list("abcdefghi")
    assert found["group"].tolist() == [0] * 9
    assert (found["row"] * 3 + found["column"]).tolist() == [*range(6), 1, 4, 4]


def test_copies_of_a_single_tile_are_one_group() -> None:
    tiles = cut(smooth(SIDE, 3 * SIDE))
    found = find_mosaics(tiles[[0, 2, 0]], list("abc"), MARGIN)
    assert found["group"].tolist() == [0, 1, 0]


def test_two_tiles_alone_must_fit_better_than_by_chance() -> None:
    """Smooth borders that correlate by 0.8, and no other tile that could fit better or worse."""
    y = np.arange(SIDE) / SIDE
    one, other = np.cos(np.pi * y), np.cos(2 * np.pi * y)
    lines = (one, 0.8 * one + 0.6 * other)
    tiles = np.stack([np.tile((128 + 60 * line)[:, None], (1, SIDE)) for line in lines])
    assert np.corrcoef(*lines)[0, 1] > 0.75
    assert find_mosaics(tiles.astype(np.uint8), ["a", "b"], MARGIN)["group"].nunique() == 2


def test_one_tile_and_two_tiles() -> None:
    tiles = cut(smooth(SIDE, 2 * SIDE))
    assert find_mosaics(tiles[:1], ["a"], MARGIN)["group"].tolist() == [0]
    assert find_mosaics(tiles, ["a", "b"], MARGIN)["group"].tolist() == [0, 0]


class Told(Borders):
    """Borders that say what a test tells them to."""

    def __init__(self, count: int, pairs: list[tuple[int, int, bool, float]], apart: set) -> None:
        self.count, self._told, self._apart = count, pairs, apart

    def pairs(self) -> pd.DataFrame:
        told = pd.DataFrame(self._told, columns=["first", "second", "down", "margin"])
        return told.assign(correlation=0.9)

    def fit(self, first: int, second: int, down: bool) -> float:
        return 0.0 if (first, second) in self._apart else 1.0


def places(count: int, pairs: list[tuple[int, int, bool, float]], apart: set | None = None) -> list:
    """Groups of tiles laid out by what a test says of their borders."""
    found = find_mosaics(Told(count, pairs, apart or set()), [str(n) for n in range(count)], 1.0)
    return found["group"].tolist()


def test_surer_pairs_go_first_and_contradictions_are_not_joined() -> None:
    """Tile 2 would lie on tile 1."""
    assert places(3, [(0, 1, False, 5), (0, 2, False, 2)]) == [0, 0, 1]
    assert places(3, [(0, 1, False, 2), (0, 2, False, 5)]) == [0, 1, 0]


def test_borders_that_do_not_fit_do_not_come_to_lie_side_by_side() -> None:
    square = [(0, 1, False, 5), (2, 3, False, 5), (0, 2, True, 5)]
    assert places(4, square) == [0, 0, 0, 0]
    assert places(4, square, {(1, 3)}) == [0, 0, 1, 1]


def test_less_sure_pairs_count_where_two_agree() -> None:
    rows = [(0, 1, False, 5), (2, 3, False, 5)]
    one, two = (0, 2, True, 0.4), (1, 3, True, 0.2)
    assert places(4, [*rows, one]) == [0, 0, 1, 1]
    assert places(4, [*rows, one, two]) == [0, 0, 0, 0]
    elsewhere = (0, 3, True, 0.2)
    assert places(4, [*rows, one, elsewhere]) == [0, 0, 1, 1]


@pytest.mark.parametrize("block", [1, 7, 1024])
def test_blocks_do_not_show(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("saltseg.tiles.mosaics.borders._BLOCK", block)
    tiles = cut(smooth(4 * SIDE, 5 * SIDE))
    found = find_mosaics(tiles, [str(n) for n in range(20)], MARGIN)
    assert (found["row"] * 5 + found["column"]).tolist() == list(range(20))


def test_margin_is_worth_more_on_borders_that_say_more() -> None:
    """Of equal correlations those of smooth borders are less sure."""
    random = np.random.default_rng(0)
    margins = []
    for width in (1, 4, 16):
        kernel = np.hanning(width + 2)
        tiles = np.apply_along_axis(
            lambda line, kernel=kernel: np.convolve(line, kernel, "same"),
            2,
            random.normal(0, 1, (60, SIDE, SIDE)),
        )
        tiles = tiles / tiles.std(axis=(1, 2), keepdims=True)
        tiles[1::2, 0] = tiles[::2, -1]  # every second tile lies below the one before
        pairs = Borders(np.clip(128 + 40 * tiles, 0, 255).astype(np.uint8)).pairs()
        margins.append(pairs[pairs["down"] & (pairs["first"] + 1 == pairs["second"])]["margin"])
    assert all(one.median() > other.median() for one, other in pairwise(margins))
