"""Axes in another order, told or seen."""

from itertools import permutations
from pathlib import Path

import numpy as np
import pytest

from saltseg.errors import DataError
from saltseg.inference.axes import order_of, seems_depth
from saltseg.inference.npy import NpyVolume
from saltseg.tiles.synthetic.geology import make_section
from saltseg.tiles.synthetic.recipe import read_recipe
from tests.conftest import ROOT

NAMES = ("inline", "depth", "crossline")


def cube() -> np.ndarray:
    """(inline, depth, crossline), each section other than the others."""
    return np.random.default_rng(0).normal(0, 1000, (4, 30, 20))


@pytest.mark.parametrize("order", list(permutations(range(3))))
@pytest.mark.parametrize("fortran", [False, True])
def test_sections_and_masks_in_any_order(
    tmp_path: Path, order: tuple[int, ...], fortran: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("saltseg.inference.npy._WRITTEN", 500)  # in several pieces
    array = cube().transpose(order)
    np.save(tmp_path / "v.npy", np.asfortranarray(array) if fortran else array)
    usual = tmp_path / "usual.npy"
    np.save(usual, cube())
    names = [NAMES[axis] for axis in order]
    for axes in (",".join(names), "".join(name[0].replace("c", "x") for name in names)):
        volume = NpyVolume(tmp_path / "v.npy", 99, axes=axes)
        assert volume.ids == ["v/0", "v/1", "v/2", "v/3"]
        expected = NpyVolume(usual, 99)
        for number in range(4):
            np.testing.assert_array_equal(
                volume.read(f"v/{number}"), expected.read(f"usual/{number}")
            )
        masks = dict(zip(volume.ids, (cube() > 0).astype(np.uint8), strict=True))
        volume.write(masks.__getitem__, tmp_path / "out", True)
        np.testing.assert_array_equal(np.load(tmp_path / "out"), array > 0)


@pytest.mark.parametrize(
    ("axes", "turned"),
    [
        ("depth,crossline", False),
        ("crossline,depth", True),
        ("xd", True),
        ("inline,crossline,depth", True),
    ],
)
def test_one_section_may_lie_on_its_side(tmp_path: Path, axes: str, turned: bool) -> None:
    array = cube()[0].T if turned else cube()[0]
    np.save(tmp_path / "v.npy", array)
    np.save(tmp_path / "usual.npy", cube()[0])
    volume = NpyVolume(tmp_path / "v.npy", 99, axes=axes)
    np.testing.assert_array_equal(
        volume.read("v"), NpyVolume(tmp_path / "usual.npy", 99).read("usual")
    )
    volume.write(lambda _: (cube()[0] > 0).astype(np.uint8), tmp_path / "out", True)
    np.testing.assert_array_equal(np.load(tmp_path / "out"), array > 0)


@pytest.mark.parametrize("axes", ["", "inline", "ixx", "inline,depth", "ixdd", "x,y,z", "depth"])
def test_names_of_no_axes_are_one_line(axes: str) -> None:
    with pytest.raises(DataError, match=r"v.npy: --axes .*for instance inline,crossline,depth"):
        order_of(axes, 3, Path("v.npy"))
    with pytest.raises(DataError, match=r"expected the names depth, crossline"):
        order_of("ii", 2, Path("v.npy"))


@pytest.fixture(scope="module")
def sections() -> list[np.ndarray]:
    """Of the synthetic survey: from low to high frequencies, folded, faulted, noisy."""
    recipe = read_recipe(ROOT / "data/synthetic.yaml")
    small = recipe.section.model_copy(update={"rows": 2, "columns": 3})
    recipe = recipe.model_copy(update={"section": small})
    return [make_section(recipe, 2, np.random.default_rng(seed))[0] for seed in range(12)]


def test_depth_is_seen(sections: list[np.ndarray]) -> None:
    """Without a single false alarm, and where it lies elsewhere more often than not."""
    assert [seems_depth(section, 0) for section in sections] == [None] * len(sections)
    found = [seems_depth(section.T, 0) for section in sections]
    assert set(found) <= {1, None}
    assert found.count(1) > 0.7 * len(sections)


@pytest.mark.parametrize("harm", ["null", "nan", "grey", "quiet", "spikes"])
def test_depth_is_seen_whatever_the_samples_are(sections: list[np.ndarray], harm: str) -> None:
    section = sections[0] / sections[0].std()
    if harm == "null":
        section[50:90, 60:120] = 1e30
    if harm == "nan":
        section[50:90, 60:120] = np.nan
    if harm == "grey":
        section = np.clip(128 + 40 * section, 0, 255).astype(np.uint8)
    if harm == "quiet":
        section *= 1e-9
    if harm == "spikes":
        section[::17, ::13] = 1e9
    assert seems_depth(section, 0) is None
    assert seems_depth(section.T, 0) == 1


@pytest.mark.parametrize("shape", [(64, 64), (4, 64, 64), (2, 2)])
def test_noise_and_silence_have_no_depth(shape: tuple[int, ...]) -> None:
    noise = np.random.default_rng(0).normal(0, 1, shape)
    for array in (noise, np.zeros(shape), np.full(shape, np.nan), np.full(shape, 7, np.uint8)):
        assert [seems_depth(array, axis) for axis in range(len(shape))] == [None] * len(shape)


def test_a_cube_with_depth_last_is_told(
    tmp_path: Path, sections: list[np.ndarray], capsys: pytest.CaptureFixture[str]
) -> None:
    """As segyio.tools.cube gives it."""
    path = tmp_path / "v.npy"
    np.save(path, np.stack([section.T for section in sections[:3]]))
    NpyVolume(path, 99).read("v/0")
    said = capsys.readouterr().err
    assert "v.npy: its third axis looks like depth, but the second is taken for it; --axes" in said
    assert len(said.splitlines()) == 1
    NpyVolume(path, 99, axes="ixd").read("v/0")
    assert not capsys.readouterr().err
