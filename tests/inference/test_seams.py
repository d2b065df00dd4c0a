"""A whole section, predicted by a trained network in windows, shows no seams."""

from pathlib import Path

import numpy as np
import pytest

from saltseg.inference.defaults import OVERLAP, STRETCH
from saltseg.inference.files import load_models
from saltseg.inference.grey.amplitudes import grey_levels
from saltseg.inference.model import SaltModel
from saltseg.inference.windows import Canvas
from saltseg.tiles.synthetic.geology import make_section
from saltseg.tiles.synthetic.recipe import read_recipe
from tests.pipeline.projects import ROOT, Project

TILE, SIZE = 101, (1000, 2000)


@pytest.fixture(scope="module")
def amplitudes() -> np.ndarray:
    """Ten by twenty tiles of the synthetic survey, uncut."""
    recipe = read_recipe(ROOT / "data/synthetic.yaml")
    large = recipe.section.model_copy(update={"rows": 10, "columns": 20, "tile": TILE})
    recipe = recipe.model_copy(update={"section": large})
    amplitudes, _ = make_section(recipe, free=100, rng=np.random.default_rng(3))
    return amplitudes[: SIZE[0], : SIZE[1]]


@pytest.fixture(scope="module")
def model(engine: None, trained: Project) -> SaltModel:
    return load_models(Path(trained.root) / "models/plain")


@pytest.fixture(scope="module")
def section(amplitudes: np.ndarray) -> np.ndarray:
    """The same with one clip."""
    return grey_levels(amplitudes)


def steps(found: np.ndarray, axis: int) -> np.ndarray:
    """Mean difference between neighbouring rows (axis -2) or columns (axis -1)."""
    others = tuple(n - found.ndim for n in range(found.ndim) if n - found.ndim != axis)
    return np.asarray(np.abs(np.diff(found, axis=axis)).mean(axis=others))


def seams(found: np.ndarray, alone: np.ndarray, overlap: float) -> float:
    """Steps across borders of windows, in units of those in the middle of windows left alone.

    Where a window begins or ends, a neighbour has its middle. There networks step more than
    elsewhere, whatever lies around them: the coarsest pixels of the decoder meet.
    """
    ratios = []
    for axis in (-2, -1):
        windows = Canvas(SIZE, (TILE, TILE), overlap).windows
        ends = {end for place in windows for end in (place[axis].start, place[axis].stop)}
        borders = np.array(sorted(ends - {0, SIZE[axis]}))
        middle = steps(alone, axis)[TILE // 2 - 1 : TILE // 2 + 1].mean()
        ratios.append(steps(found, axis)[borders - 1].mean() / middle)
    return float(max(ratios))


def test_a_section_has_no_seams(model: SaltModel, section: np.ndarray) -> None:
    found = model.predict(section)
    assert found.shape == SIZE
    assert np.ptp(found) > 0.02
    windows = Canvas(SIZE, (TILE, TILE), OVERLAP).windows
    alone = model.predict(np.stack([section[place] for place in windows]))
    assert seams(found, alone, OVERLAP) < 1.1
    # Laid side by side the same windows do not fit: the measure sees a seam where there is one.
    assert seams(model.predict(section, overlap=0), alone, 0) > 2


def test_a_stretched_section_has_no_seams_and_needs_no_even_loudness(
    model: SaltModel, amplitudes: np.ndarray
) -> None:
    """What stretches it, too, follows windows; it makes a quiet part look as it did before."""
    quiet = amplitudes[:404, :808].copy()
    quiet[:, :404] *= 0.1
    even, changed, one_clip = (
        model.predict(model.grey_levels(one, stretch=stretch))
        for one, stretch in (
            (amplitudes[:404, :808], STRETCH),
            (quiet, STRETCH),
            (quiet, "file"),
        )
    )
    left = np.s_[:, :202]
    assert np.abs(changed - even)[left].mean() < 0.2 * np.abs(one_clip - even)[left].mean()
    whole = model.grey_levels(amplitudes)
    windows = Canvas(SIZE, (TILE, TILE), OVERLAP).windows
    alone = model.predict(np.stack([whole[place] for place in windows]))
    assert seams(model.predict(whole), alone, OVERLAP) < 1.1


def test_a_section_moved_by_some_pixels_looks_the_same(
    model: SaltModel, section: np.ndarray
) -> None:
    """Windows then lie elsewhere."""
    part = section[:400, :600]
    whole, moved = model.predict(part), model.predict(part[:, 23:])
    inner = np.abs(whole[:, 123:500] - moved[:, 100:477])
    assert inner.mean() < 0.1 * np.ptp(whole)
