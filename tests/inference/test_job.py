"""Predictions in a folder: what is written, and options a stopped one goes on."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import segyio

from saltseg.errors import DataError
from saltseg.inference.grey.tones import Showing
from saltseg.inference.job import OutputOptions, predict_into
from saltseg.inference.model import KnownModel
from saltseg.inference.pictures import PredictOptions
from saltseg.inference.sections import Reading, open_inputs
from saltseg.scoring.choices import Choice
from tests.inference.sample import SIDE, model_of, picture, png, write_zip
from tests.inference.test_segy import grid, write_segy

PLAIN = OutputOptions()
AS_IS = Reading(showing=Showing("file"))
"""Grey levels are not stretched, so that the brightness of a section is known."""


def run(
    out: Path,
    paths: Sequence[Path],
    model: KnownModel | None = None,
    output: OutputOptions = PLAIN,
    options: PredictOptions | None = None,
    reading: Reading | None = None,
) -> pd.DataFrame:
    with open_inputs(paths, reading or AS_IS) as inputs:
        return predict_into(
            out, model or model_of(), inputs, options or PredictOptions(batch_size=4), output
        )


def tiles(tmp_path: Path, count: int = 10) -> tuple[Path, dict[str, np.ndarray]]:
    images = {f"t{n:02}": picture(seed=n) for n in range(count)}
    return write_zip(tmp_path / "tiles.zip", images), images


def mask(path: Path) -> np.ndarray:
    found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
    assert found.ndim == 2
    return found


def test_masks_and_coverage_of_tiles(tmp_path: Path) -> None:
    path, images = tiles(tmp_path)
    table = run(tmp_path / "out", [path])
    written = pd.read_csv(tmp_path / "out/coverage.csv")
    assert written["id"].tolist() == table["id"].tolist() == list(images)
    for id_, image in images.items():
        expected = np.where(image > 127, 255, 0)
        np.testing.assert_array_equal(mask(tmp_path / f"out/masks/{id_}.png"), expected)
    bright = [np.mean(image > 127) for image in images.values()]
    np.testing.assert_allclose(written["coverage"], bright, atol=1e-6)
    assert set(written["height"]) == set(written["width"]) == {SIDE}
    assert not (tmp_path / "out/probabilities").exists()
    assert not (tmp_path / "out/overlays").exists()
    assert cv2.imread(str(tmp_path / "out/overview.png")) is not None


def test_threshold_and_probabilities_on_request(tmp_path: Path) -> None:
    path, images = tiles(tmp_path, 2)
    run(tmp_path / "out", [path], output=replace(PLAIN, threshold=0.2, probabilities=True))
    for id_, image in images.items():
        found = mask(tmp_path / f"out/probabilities/{id_}.png")
        assert found.dtype == np.uint16
        np.testing.assert_allclose(found / 65535, image / 255, atol=1e-5)
        np.testing.assert_array_equal(mask(tmp_path / f"out/masks/{id_}.png") > 0, image > 51)


def test_what_scored_best_out_of_fold_makes_the_masks(tmp_path: Path) -> None:
    """Regions of fewer pixels go, and so do tiles with little salt, but not larger pictures."""
    tile = np.zeros((SIDE, SIDE), np.uint8)
    tile[4:8, 4:8] = tile[20:30, 20:30] = 140  # 0.55: 16 pixels, 100 pixels
    little = np.zeros_like(tile)
    little[20:30, 20:30] = 140
    large = np.zeros((SIDE, 2 * SIDE), np.uint8)
    large[20:30, 20:30] = 140
    paths = []
    for name, image in (("tile", tile), ("little", little), ("large", large)):
        paths.append(tmp_path / f"{name}.png")
        paths[-1].write_bytes(png(image))
    chosen = Choice(threshold=0.5, region=20, mask=101)
    model = model_of()
    model = replace(model, facts=model.facts.model_copy(update={"chosen": chosen}))
    table = run(tmp_path / "out", paths, model, output=replace(PLAIN, chosen=True))
    salt = table.set_index("id").eval("coverage * height * width").round()
    assert salt[["tile", "little"]].tolist() == [0, 0]
    assert salt["large"] == 100
    kept = replace(model, facts=model.facts.model_copy(update={"chosen": Choice(0.5, 20, 100)}))
    table = run(tmp_path / "other", paths, kept, output=replace(PLAIN, chosen=True))
    assert (table.set_index("id")["coverage"]["tile"] * tile.size).round() == 100


@pytest.mark.parametrize(
    ("output", "says"),
    [
        (replace(PLAIN, chosen=True), "bright: nothing was chosen out of fold"),
        (replace(PLAIN, chosen=True, threshold=0.4), "--chosen brings a threshold of its own"),
    ],
)
def test_nothing_chosen_is_one_line(tmp_path: Path, output: OutputOptions, says: str) -> None:
    path = write_zip(tmp_path / "tiles.zip", {"a": picture()})
    with pytest.raises(DataError, match=says):
        run(tmp_path / "out", [path], output=output)
    assert not (tmp_path / "out").exists()


def test_threshold_zero_is_one(tmp_path: Path) -> None:
    path, images = tiles(tmp_path, 1)
    table = run(tmp_path / "out", [path], output=replace(PLAIN, threshold=0.0))
    assert table["coverage"].tolist() == [pytest.approx(np.mean(images["t00"] > 0))]


def test_a_section_gets_an_overlay(tmp_path: Path) -> None:
    (tmp_path / "long.png").write_bytes(png(picture(100, 300)))
    run(tmp_path / "out", [tmp_path / "long.png"])
    assert mask(tmp_path / "out/masks/long.png").shape == (100, 300)
    drawn = cv2.imread(str(tmp_path / "out/overlays/long.png"))
    assert drawn.shape == (100, 300, 3)
    assert not (tmp_path / "out/overview.png").exists()


def test_volumes_come_back_in_their_geometry(tmp_path: Path) -> None:
    cube = np.stack([picture(80, 90, seed).astype(np.float32) - 127.5 for seed in range(3)])
    np.save(tmp_path / "cube.npy", cube)
    traces = cube.swapaxes(1, 2).reshape(-1, 80)
    write_segy(tmp_path / "line.sgy", traces, grid([1, 2, 3], range(90)), kind=5)
    paths = [tmp_path / "cube.npy", tmp_path / "line.sgy"]
    output = replace(PLAIN, probabilities=True)
    run(tmp_path / "out", paths, output=output, reading=Reading(clip=100, showing=AS_IS.showing))
    found = np.load(tmp_path / "out/cube.mask.npy")
    assert found.dtype == np.uint8
    # Grey levels are rounded: only what is a level from the threshold is certain.
    sure = np.abs(cube) > 1
    np.testing.assert_array_equal(found[sure], (cube > 0)[sure])
    probability = np.load(tmp_path / "out/cube.probability.npy")
    np.testing.assert_allclose(probability, (cube / np.abs(cube).max() + 1) / 2, atol=0.005)
    with segyio.open(tmp_path / "out/line.mask.sgy") as file:
        np.testing.assert_array_equal(segyio.tools.cube(file), found.swapaxes(1, 2))
    with segyio.open(tmp_path / "out/line.probability.sgy") as file:
        np.testing.assert_allclose(segyio.tools.cube(file), probability.swapaxes(1, 2), atol=1e-4)


def test_depths_come_from_the_table(tmp_path: Path) -> None:
    def deep(inputs: np.ndarray) -> np.ndarray:
        return inputs[..., 1].astype(np.float32) / np.float32(255)

    path, _ = tiles(tmp_path, 3)
    (tmp_path / "depths.csv").write_text("id,z\nt00,100\nt01,300\nt02,260\nt99,7\n")
    reading = Reading(depths=tmp_path / "depths.csv")
    model = model_of(deep, depths=(100, 300))
    table = run(tmp_path / "out", [path], model, reading=reading)
    assert table["coverage"].tolist() == [0, 1, 1]
    with pytest.raises(DataError, match=r"t00.png: no seismic depth, .*--depths"):
        run(tmp_path / "none", [path], model)
    (tmp_path / "depths.csv").write_text("id,z\nt00,100\n")
    with pytest.raises(DataError, match="depths differ"):
        run(tmp_path / "out", [path], model, reading=reading)
    with pytest.raises(DataError, match=r"none.csv: no such file"):
        run(tmp_path / "new", [path], model_of(), reading=Reading(depths=tmp_path / "none.csv"))


def test_a_section_too_long_for_a_picture_is_one_line(tmp_path: Path) -> None:
    np.save(tmp_path / "long.npy", np.zeros((2, 10**6 + 1), np.uint8))
    with pytest.raises(DataError, match=r"long: 2x1000001 pixels, which no PNG can hold"):
        run(tmp_path / "out", [tmp_path / "long.npy"])


@pytest.mark.parametrize("kind", ["npy", "sgy"])
def test_no_salt_in_holes(tmp_path: Path, kind: str, capsys: pytest.CaptureFixture[str]) -> None:
    section = picture(80, 200).astype(np.float32) - 127.5
    section[20:60, 30:120] = -999.25
    if kind == "npy":
        np.save(tmp_path / "v.npy", section)
    else:
        write_segy(tmp_path / "v.sgy", section.T, grid([1], range(200)), kind=5)
    out = tmp_path / "out"
    output = replace(PLAIN, threshold=0.0, probabilities=True)
    table = run(out, [tmp_path / f"v.{kind}"], output=output)
    assert table["coverage"].tolist() == [pytest.approx(1 - 40 * 90 / 16000, abs=0.01)]
    [path] = out.rglob("masks/**/*.png")
    assert not mask(path)[20:60, 30:120].any()
    [path] = out.rglob("probabilities/**/*.png")
    assert not mask(path)[20:60, 30:120].any()
    assert "-999.25 (22.5%) taken for holes" in capsys.readouterr().err


def test_a_bad_tile_leaves_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "tiles"
    folder.mkdir()
    for n in range(9):
        (folder / f"t{n}.png").write_bytes(png(picture(seed=n)))
    (folder / "t8.png").write_bytes(png(np.zeros((1, 1), np.uint8)))
    with pytest.raises(DataError, match=r"t8.png: 1x1 pixels; expected at least 2 a side, so"):
        run(tmp_path / "out", [folder])
    assert len(list((tmp_path / "out/masks").iterdir())) >= 4
    (folder / "t8.png").write_bytes(png(picture(seed=8)))
    assert len(run(tmp_path / "out", [folder])) == 9
