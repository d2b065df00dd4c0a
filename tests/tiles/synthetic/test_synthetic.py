"""The synthetic survey: repeatable, shaped like the real one, and not solved by a threshold."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from saltseg.errors import DataError
from saltseg.tiles.survey import Survey
from saltseg.tiles.synthetic.survey import Recipe, grey_threshold_iou, read_recipe, synthetic_survey

RECIPE = Path(__file__).parents[3] / "data" / "synthetic.yaml"
# docs/synthetic.md states 0.27; this bound leaves room for another platform's rounding only.
THRESHOLD_IOU = 0.30

Made = tuple[Survey, pd.DataFrame]


def changed(**settings: Any) -> Recipe:
    """The committed recipe with some settings changed; a dict changes keys of a group."""
    recipe = yaml.safe_load(RECIPE.read_text())
    for key, value in settings.items():
        recipe[key] = recipe[key] | value if isinstance(value, dict) else value
    return Recipe.model_validate(recipe)


def small(**settings: Any) -> Recipe:
    """Nine tiles of 32 pixels from sections of six."""
    return changed(
        **{
            "tiles": 6,
            "unlabelled": 3,
            "section": {"tile": 32, "rows": 2, "columns": 3},
            **settings,
        }
    )


@pytest.fixture(scope="module")
def default() -> Made:
    """The survey of the committed recipe, about one second to make."""
    return synthetic_survey(read_recipe(RECIPE))


def test_same_recipe_same_bytes() -> None:
    (one, one_table), (two, two_table) = synthetic_survey(small()), synthetic_survey(small())
    for name in ("images", "masks", "unlabelled"):
        assert getattr(one, name).tobytes() == getattr(two, name).tobytes()
    pd.testing.assert_frame_equal(one.tiles, two.tiles)
    pd.testing.assert_frame_equal(one_table, two_table)


def test_another_seed_is_another_survey() -> None:
    (one, one_table), (two, two_table) = synthetic_survey(small()), synthetic_survey(small(seed=1))
    assert not np.array_equal(one.images, two.images)
    assert not set(one_table["id"]) & set(two_table["id"])


def test_a_larger_survey_starts_with_the_smaller_one() -> None:
    fewer, _ = synthetic_survey(small(tiles=8, unlabelled=4))
    more, _ = synthetic_survey(small(tiles=16, unlabelled=8))
    np.testing.assert_array_equal(more.images[:8], fewer.images)
    np.testing.assert_array_equal(more.masks[:8], fewer.masks)
    np.testing.assert_array_equal(more.unlabelled[:4], fewer.unlabelled)


def test_shapes_types_and_ranges(default: Made) -> None:
    survey, table = default
    assert survey.images.shape == survey.masks.shape == (800, 101, 101)
    assert survey.unlabelled.shape == (100, 101, 101)
    for array in (survey.images, survey.masks, survey.unlabelled):
        assert array.dtype == np.uint8
    assert set(np.unique(survey.masks)) == {0, 1}
    for images in (survey.images, survey.unlabelled):
        assert (images.min(axis=(1, 2)) == 0).all()
        assert (images.max(axis=(1, 2)) == 255).all()
    np.testing.assert_allclose(survey.tiles["coverage"], survey.masks.mean(axis=(1, 2)))
    z = pd.concat([survey.tiles["z"], survey.unlabelled_tiles["z"]])
    assert z.between(50, 960).all()
    assert (z == z.round()).all()
    ids = [*survey.tiles["id"], *survey.unlabelled_tiles["id"]]
    assert sorted(ids) == sorted(table["id"])
    assert table["id"].is_unique
    assert table["id"].str.fullmatch("[0-9a-f]{10}").all()


def test_salt_is_as_common_as_in_the_real_survey(default: Made) -> None:
    coverage = default[0].tiles["coverage"]
    assert (coverage == 0).mean() == pytest.approx(0.39, abs=0.05)
    salty = coverage[coverage > 0]
    assert salty.min() >= 20 / 101**2
    # TGS: 24 % below a tenth, 10 % above nine tenths.
    assert (salty < 0.1).mean() == pytest.approx(0.24, abs=0.1)
    assert (salty > 0.9).mean() == pytest.approx(0.10, abs=0.1)


@pytest.mark.parametrize("free", [0.0, 1.0])
def test_salt_everywhere_or_nowhere(free: float) -> None:
    survey, _ = synthetic_survey(small(salt={"free": free, "smallest": 1}))
    assert ((survey.tiles["coverage"] == 0) == bool(free)).all()


def test_no_grey_level_finds_the_salt(default: Made) -> None:
    survey, _ = default
    assert grey_threshold_iou(survey.images, survey.masks) < THRESHOLD_IOU


def test_threshold_iou_of_a_case_worked_out_by_hand() -> None:
    images = np.array([[[10, 20], [30, 40]]], np.uint8)
    # Dark salt: `<= 20` hits both salt pixels and nothing else.
    assert grey_threshold_iou(images, np.array([[[1, 1], [0, 0]]], np.uint8)) == 1
    # Bright salt, the other way round.
    assert grey_threshold_iou(images, np.array([[[0, 0], [0, 1]]], np.uint8)) == 1
    # The two ends are salt: `all` gives 2/4, a single end gives 1/2.
    assert grey_threshold_iou(images, np.array([[[1, 0], [0, 1]]], np.uint8)) == 0.5
    assert grey_threshold_iou(images, np.zeros((1, 2, 2), np.uint8)) == 0


def test_salt_looks_different_inside(default: Made) -> None:
    """Within a tile holding both, grey levels vary less in salt than outside it."""
    survey, _ = default
    ratios = [
        image[mask == 1].std() / image[mask == 0].std()
        for image, mask in zip(survey.images, survey.masks, strict=True)
        if 0.2 < mask.mean() < 0.8
    ]
    assert np.median(ratios) < 0.85


def test_neighbours_in_a_section_continue_each_other(default: Made) -> None:
    survey, table = default
    images = dict(zip(survey.tiles["id"], survey.images, strict=True))
    images |= dict(zip(survey.unlabelled_tiles["id"], survey.unlabelled, strict=True))
    assert not table.duplicated(["section", "row", "column"]).any()
    assert table["row"].between(0, 3).all()
    assert table["column"].between(0, 4).all()
    positions = table[["section", "row", "column"]].to_numpy(dtype=int).tolist()
    places = {
        (section, row, column): images[name]
        for (section, row, column), name in zip(positions, table["id"], strict=True)
    }
    beside: list[float] = []
    apart: list[float] = []
    for (section, row, column), tile in places.items():
        for pairs, place in (
            (beside, (section, row, column + 1)),
            (apart, (section + 1, row, column)),
        ):
            if place in places:
                pairs.append(float(np.corrcoef(tile[:, -1], places[place][:, 0])[0, 1]))
    assert len(beside) == 45 * 4 * 4
    assert np.mean(beside) > 0.8
    assert abs(np.mean(apart)) < 0.1


def test_z_grows_by_the_row(default: Made) -> None:
    survey, table = default
    tiles = pd.concat([survey.tiles, survey.unlabelled_tiles])[["id", "z"]]
    joined = table.merge(tiles, on="id", validate="one_to_one")
    surface = joined["z"] - 130 * joined["row"]
    assert (surface.groupby(joined["section"]).nunique() == 1).all()


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("tiles: 800", "tilles: 800", "tilles: unknown key"),
        ("roughness: 0.3", "rouhgness: 0.3", "salt.rouhgness: unknown key"),
        ("tiles: 800", "tiles: many", "tiles: Input should be a valid integer"),
        ("tiles: 800", "tiles: 0", "tiles: Input should be greater than or equal to 1"),
        (
            "tiles: 800",
            "tiles: 100000000000",
            "tiles: Input should be less than or equal to 1000000",
        ),
        ("free: 0.39", "free: 39", "salt.free: Input should be less than or equal to 1"),
        ("contrast: [0.2, 0.6]", "contrast: [0.6, 0.2]", "salt.contrast: [0.6, 0.2] runs back"),
        ("tile_depth: 130", "tile_depth: 500", "lower tile_depth to 303 or less"),
        ("seed: 1337", "", "seed: Field required"),
        ("seed: 1337", "seed: [1337", "not valid YAML"),
    ],
)
def test_wrong_recipe_is_one_clear_line(tmp_path: Path, before: str, after: str, said: str) -> None:
    path = tmp_path / "recipe.yaml"
    text = RECIPE.read_text()
    assert before in text
    path.write_text(text.replace(before, after, 1))
    with pytest.raises(DataError) as caught:
        read_recipe(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert said in message
    assert "\n" not in message


def test_missing_recipe_is_one_clear_line(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="cannot be read"):
        read_recipe(tmp_path / "nowhere.yaml")
