"""How far the networks of an ensemble lie apart: in memory, in folders, in volumes."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest
import segyio

from saltseg.errors import DataError
from saltseg.inference.grey.tones import Showing
from saltseg.inference.model import SaltModel
from saltseg.inference.pictures import Picture, PredictOptions
from saltseg.inference.sections import Reading
from tests.inference.sample import (
    SIDE,
    ensemble_of,
    gammas,
    model_of,
    picture,
    png,
    write_zip,
)
from tests.inference.test_job import AS_IS, PLAIN, mask, run
from tests.inference.test_segy import grid, write_segy

UNSURE = PredictOptions(batch_size=4, uncertainty=True)


def answers(tile: np.ndarray) -> np.ndarray:
    return np.array(gammas(tile[None, ..., None])[1])[:, 0]


def test_of_a_tile_it_is_the_deviation_of_the_networks() -> None:
    tiles = np.stack([picture(seed=seed) for seed in range(5)])
    model = ensemble_of()
    mean, found = model.predict_with_uncertainty(tiles, batch_size=2)
    np.testing.assert_array_equal(mean, model.predict(tiles))
    assert found.dtype == np.float32
    expected = [answers(tile).astype(float).std(axis=0) for tile in tiles]
    assert np.min(np.max(expected, axis=(1, 2))) > 0.1
    np.testing.assert_allclose(found, expected, atol=1e-6)
    np.testing.assert_array_equal(model.predict_with_uncertainty(tiles[3])[1], found[3])


def test_mirrored_predictions_count_as_more_networks() -> None:
    tile = picture()
    both = np.concatenate([answers(tile), answers(tile[:, ::-1])[:, :, ::-1]])
    mean, found = ensemble_of().predict_with_uncertainty(tile, flip=True)
    np.testing.assert_array_equal(mean, ensemble_of().predict(tile, flip=True))
    np.testing.assert_allclose(found, both.astype(float).std(axis=0), atol=1e-6)


def test_one_network_differs_from_its_mirror_image() -> None:
    def right(inputs: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        found = gammas(inputs)[1][2]
        return found, [found]

    tile, model = picture(), ensemble_of(right)
    one, other = (gammas(t[None, ..., None])[1][2][0] for t in (tile, tile[:, ::-1]))
    found = model.predict_with_uncertainty(tile, flip=True)[1]
    np.testing.assert_allclose(found, np.abs(one - other[:, ::-1]) / 2, atol=1e-6)
    with pytest.raises(DataError, match="one network that predicts once"):
        model.predict_with_uncertainty(tile)


def test_of_resized_tiles_it_is_that_of_the_resized_predictions() -> None:
    """Not the deviation, resized: where networks cross, that is more."""
    model = ensemble_of(height=100, width=90)
    tile = picture(100, 90)
    small = cv2.resize(tile, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    each = [cv2.resize(one, (90, 100), interpolation=cv2.INTER_LINEAR) for one in answers(small)]
    found = model.predict_with_uncertainty(tile)[1]
    np.testing.assert_allclose(found, np.std(each, axis=0), atol=1e-6)


def test_of_a_section_it_is_blended_and_never_less_than_that_of_blended_predictions() -> None:
    section = picture(100, 300)
    mean, found = ensemble_of().predict_with_uncertainty(section)
    np.testing.assert_array_equal(mean, ensemble_of().predict(section))
    each = [model_of(lambda inputs, n=n: gammas(inputs)[1][n]).predict(section) for n in range(3)]
    exact = np.std(np.array(each, float), axis=0)
    assert (found >= exact - 1e-6).all()
    assert found.mean() < 1.5 * exact.mean()
    assert np.corrcoef(found.ravel(), exact.ravel())[0, 1] > 0.9


def test_none_in_holes() -> None:
    holes = np.zeros((SIDE, SIDE), bool)
    holes[10:20] = True
    queue = [Picture("a", picture(), holes=holes)]
    [found] = ensemble_of().predict_each(queue, UNSURE)
    assert not found.uncertainty[holes].any()
    assert found.uncertainty[~holes].any()


def test_a_folder_of_it_beside_the_masks(tmp_path: Path) -> None:
    images = {f"t{n}": picture(seed=n) for n in range(3)}
    path = write_zip(tmp_path / "tiles.zip", images)
    (tmp_path / "long.png").write_bytes(png(picture(100, 300)))
    out, paths = tmp_path / "out", [path, tmp_path / "long.png"]
    run(out, paths, ensemble_of(), options=UNSURE)
    for id_, image in images.items():
        found = mask(out / f"uncertainty/{id_}.png")
        assert found.dtype == np.uint16
        np.testing.assert_allclose(found / 65535, answers(image).std(axis=0), atol=2e-5)
    assert mask(out / "uncertainty/long.png").shape == (100, 300)
    assert [one.name for one in (out / "uncertainty_overlays").iterdir()] == ["long.png"]
    drawn = cv2.imread(str(out / "uncertainty_overlays/long.png"))
    assert drawn.shape[0] > 100  # its legend
    plain = tmp_path / "plain"
    run(plain, paths, ensemble_of())
    for one in (plain / "masks").iterdir():
        np.testing.assert_array_equal(mask(one), mask(out / f"masks/{one.name}"))
    assert not list(plain.glob("uncertainty*"))
    sheets = [cv2.imread(str(one / "overview.png")).shape for one in (plain, out)]
    assert sheets[1][0] > sheets[0][0]
    assert sheets[1][1] == pytest.approx(1.5 * sheets[0][1], abs=10)


def volumes(tmp_path: Path) -> Sequence[Path]:
    cube = np.stack([picture(80, 90, seed).astype(np.float32) - 127.5 for seed in range(2)])
    np.save(tmp_path / "cube.npy", cube.transpose(0, 2, 1))
    traces = cube.swapaxes(1, 2).reshape(-1, 80)
    write_segy(tmp_path / "line.sgy", traces, grid([1, 2], range(90)), kind=5)
    return [tmp_path / "cube.npy", tmp_path / "line.sgy"]


def test_volumes_come_back_in_their_geometry_and_later_ones_replace_them(tmp_path: Path) -> None:
    reading = Reading(clip=100, showing=AS_IS.showing, axes="ixd")
    out, paths = tmp_path / "out", volumes(tmp_path)
    run(out, paths, ensemble_of(), options=UNSURE, reading=reading)
    found = np.load(out / "cube.uncertainty.npy")
    assert (found.dtype, found.shape) == (np.float32, (2, 90, 80))
    section = mask(out / "uncertainty/cube/0.png") / 65535
    assert section.max() > 0.1
    np.testing.assert_allclose(found[0], section.T, atol=1e-6)
    with segyio.open(out / "line.uncertainty.sgy") as file:
        np.testing.assert_allclose(segyio.tools.cube(file), found, atol=1e-4)
    assert not list(out.glob("*.probability.*"))
    # Asked for otherwise or of other content, what was there is made anew or gone.
    np.save(paths[0], np.load(paths[0])[:, ::-1])
    run(out, paths, ensemble_of(), replace(PLAIN, probabilities=True), reading=reading)
    assert not list(out.rglob("*uncertainty*/**/*.png"))
    assert not list(out.glob("*.uncertainty.*"))
    run(out, paths, ensemble_of(), options=UNSURE, reading=reading)
    again = np.load(out / "cube.uncertainty.npy")
    np.testing.assert_allclose(again.mean(), found.mean(), rtol=0.2)
    assert not np.array_equal(again, found)


@pytest.mark.parametrize(
    ("members", "flip", "says"),
    [(1, False, "one network that predicts once"), (0, True, "an ONNX file, which gives the mean")],
)
def test_what_has_none_is_one_line_and_writes_nothing(
    tmp_path: Path, members: int, flip: bool, says: str
) -> None:
    class Unloaded(SaltModel):
        def load(self) -> SaltModel:
            raise AssertionError("refused before")

    known = model_of()
    model = Unloaded(known.blueprint, known.facts, known.digest, known._networks, members=members)
    path = write_zip(tmp_path / "tiles.zip", {"a": picture()})
    with pytest.raises(DataError, match=says):
        run(tmp_path / "out", [path], model, options=PredictOptions(flip, uncertainty=True))
    assert not (tmp_path / "out").exists()


def test_stretched_sections_have_one(tmp_path: Path) -> None:
    (tmp_path / "s.png").write_bytes(png(picture(150, 200)))
    reading = Reading(showing=Showing("window"))
    run(tmp_path / "out", [tmp_path / "s.png"], ensemble_of(), options=UNSURE, reading=reading)
    assert mask(tmp_path / "out/uncertainty/s.png").any()
