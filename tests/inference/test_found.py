"""How much of the true salt is found in a section, whatever its loudness."""

import cv2
import numpy as np
import pytest

from saltseg.inference.defaults import STRETCH, Stretch
from saltseg.inference.grey.tones import Showing, Tones
from saltseg.tiles.synthetic.geology import make_section
from saltseg.tiles.synthetic.recipe import read_recipe
from tests.conftest import ROOT
from tests.inference.sample import model_of

TILE = {"height": 101, "width": 101}


def quiet(inputs: np.ndarray) -> np.ndarray:
    """Salt is where little is reflected: what a trained network sees first, too."""
    strength = np.stack([cv2.blur(np.abs(one[..., 0] - 127.5), (9, 9)) for one in inputs])
    return np.clip(1 - strength / 12, 0, 1).astype(np.float32)


MODEL = model_of(quiet, **TILE)


@pytest.fixture(scope="module")
def section() -> tuple[np.ndarray, np.ndarray]:
    """Amplitudes and true salt: four tiles down, sixteen across, with salt on both sides."""
    recipe = read_recipe(ROOT / "data/synthetic.yaml")
    wide = recipe.section.model_copy(update={"columns": 16})
    clear = recipe.salt.model_copy(update={"inside": (0.1, 0.1), "bodies": (10, 22)})
    even = recipe.sediment.model_copy(update={"dimming": 0.0, "decay": 0.3})
    recipe = recipe.model_copy(update={"section": wide, "salt": clear, "sediment": even})
    return make_section(recipe, 28, np.random.default_rng(6))


def left_tenth(amplitudes: np.ndarray) -> np.ndarray:
    """The left half has a tenth of the amplitudes of the right."""
    changed = amplitudes.copy()
    changed[:, : changed.shape[1] // 2] *= 0.1
    return changed


def found(amplitudes: np.ndarray, stretch: Stretch) -> np.ndarray:
    return MODEL.mask(MODEL.predict(MODEL.grey_levels(amplitudes, stretch=stretch)))


def iou(mask: np.ndarray, salt: np.ndarray) -> float:
    return float((mask & salt).sum() / (mask | salt).sum())


def test_salt_is_found_in_a_quiet_half_as_in_a_loud_one(
    section: tuple[np.ndarray, np.ndarray],
) -> None:
    amplitudes, salt = section
    even = iou(found(amplitudes, STRETCH), salt)
    assert even > 0.5
    changed = left_tenth(amplitudes)
    assert iou(found(changed, STRETCH), salt) > even - 0.1
    for half in (np.s_[:, :808], np.s_[:, 808:]):
        coverage = found(changed, STRETCH)[half].mean()
        assert coverage == pytest.approx(found(amplitudes, STRETCH)[half].mean(), abs=0.1)
    # One clip for the whole file takes the quiet half for salt.
    assert found(changed, "file")[:, :808].mean() > 0.8
    assert iou(found(changed, "file"), salt) < even - 0.3


def test_an_even_section_loses_nothing(section: tuple[np.ndarray, np.ndarray]) -> None:
    amplitudes, salt = section
    assert iou(found(amplitudes, STRETCH), salt) > iou(found(amplitudes, "file"), salt) - 0.05


def test_a_model_makes_the_grey_levels_of_the_command(
    section: tuple[np.ndarray, np.ndarray],
) -> None:
    amplitudes = section[0]
    tones = Tones(amplitudes, 99, Showing(), "file")
    expected = tones.show(amplitudes, (101, 101), "file").grey
    np.testing.assert_array_equal(MODEL.grey_levels(amplitudes), expected)
    both = MODEL.grey_levels(np.stack([amplitudes, 0.1 * amplitudes]))
    assert both.shape == (2, *amplitudes.shape)
    np.testing.assert_array_equal(*both)
    one, quieter = MODEL.grey_levels(np.stack([amplitudes, 0.1 * amplitudes]), stretch="file")
    assert one.std() > 5 * quieter.std()
