"""Predictions in a folder: what is written, and how a stopped one goes on."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd
import pytest
import segyio
from filelock import FileLock

from saltseg.errors import DataError
from saltseg.inference.job import Wishes, predict_into
from saltseg.inference.model import How, SaltModel
from saltseg.inference.sections import Reading, open_inputs
from saltseg.inference.segy import Geometry
from tests.inference.sample import SIDE, brightness, model_of, picture, png, write_zip
from tests.inference.test_segy import grid, write_segy

PLAIN = Wishes()


def run(
    out: Path,
    paths: Sequence[Path],
    model: SaltModel | None = None,
    wishes: Wishes = PLAIN,
    how: How | None = None,
    reading: Reading | None = None,
) -> pd.DataFrame:
    with open_inputs(paths, reading or Reading()) as inputs:
        return predict_into(out, model or model_of(), inputs, how or How(batch_size=4), wishes)


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
    run(tmp_path / "out", [path], wishes=replace(PLAIN, threshold=0.2, probabilities=True))
    for id_, image in images.items():
        found = mask(tmp_path / f"out/probabilities/{id_}.png")
        assert found.dtype == np.uint16
        np.testing.assert_allclose(found / 65535, image / 255, atol=1e-5)
        np.testing.assert_array_equal(mask(tmp_path / f"out/masks/{id_}.png") > 0, image > 51)


def test_threshold_zero_is_one(tmp_path: Path) -> None:
    path, images = tiles(tmp_path, 1)
    table = run(tmp_path / "out", [path], wishes=replace(PLAIN, threshold=0.0))
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
    wishes = replace(PLAIN, probabilities=True)
    run(tmp_path / "out", paths, wishes=wishes, reading=Reading(clip=100))
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


class StoppedError(Exception):
    """In place of a kill."""


def stopping(after: int) -> SaltModel:
    """Fails in the batch after so many."""
    count = 0

    def networks(inputs: np.ndarray) -> np.ndarray:
        nonlocal count
        count += 1
        if count > after:
            raise StoppedError
        return brightness(inputs)

    return model_of(networks)


def test_stopped_it_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, images = tiles(tmp_path)
    out = tmp_path / "out"
    with pytest.raises(StoppedError):
        run(out, [path], stopping(after=2))
    assert len(list((out / "masks").glob("*.png"))) == 8
    assert not (out / "coverage.csv").exists()
    seen = []

    def watching(inputs: np.ndarray) -> np.ndarray:
        seen.append(len(inputs))
        return brightness(inputs)

    run(out, [path], model_of(watching))
    assert seen == [2]
    assert "8 of 10 were there already" in capsys.readouterr().out
    whole = tmp_path / "whole"
    run(whole, [path])
    for file in whole.rglob("*.*"):
        assert file.read_bytes() == (out / file.relative_to(whole)).read_bytes(), file
    assert len(pd.read_csv(out / "coverage.csv")) == len(images)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"wishes": replace(PLAIN, threshold=0.3)}, "threshold"),
        ({"how": How(flip=True)}, "flip"),
        ({"how": How(overlap=0.25)}, "overlap"),
        ({"model": replace(model_of(), digest="other")}, "networks"),
        ({"reading": Reading(clip=90)}, "clip"),
        ({"reading": Reading(geometry=Geometry(9, 21))}, "iline, xline"),
    ],
)
def test_other_settings_do_not_mix(tmp_path: Path, change: dict[str, object], named: str) -> None:
    path, _ = tiles(tmp_path, 2)
    out = tmp_path / "out"
    run(out, [path])
    before = {file: file.read_bytes() for file in out.rglob("*.*")}
    with pytest.raises(DataError, match=rf"out: .*\({named} differ\); .*--overwrite"):
        run(out, [path], **change)
    assert {file: file.read_bytes() for file in out.rglob("*.*")} == before
    wishes = replace(change.get("wishes", PLAIN), overwrite=True)
    run(out, [path], **change | {"wishes": wishes})
    run(out, [path], **change)


def test_a_changed_tile_is_predicted_again(tmp_path: Path) -> None:
    """In a zip, and in a folder; of the same size or another."""
    path, images = tiles(tmp_path, 3)
    folder = tmp_path / "folder"
    folder.mkdir()
    for id_, image in images.items():
        (folder / f"{id_}.png").write_bytes(png(image))
    for source in (path, folder):
        out = tmp_path / f"out-{source.name}"
        run(out, [source])
        for size in ((SIDE, SIDE), (50, 130)):
            images["t01"] = picture(*size, seed=size[1])
            write_zip(path, images)
            (folder / "t01.png").write_bytes(png(images["t01"]))
            seen = []

            def watching(inputs: np.ndarray, seen: list[int] = seen) -> np.ndarray:
                seen.append(len(inputs))
                return brightness(inputs)

            table = run(out, [source], model_of(watching), how=How(batch_size=8)).set_index("id")
            assert seen == [1 if size[1] == SIDE else 4]
            assert table.loc["t01", "coverage"] == pytest.approx(
                np.mean(images["t01"] > 127), abs=0.03
            )
        written = pd.read_csv(out / "coverage.csv").set_index("id")
        assert tuple(written.loc["t01", ["height", "width"]]) == (50, 130)


def test_other_files_join_what_is_there(tmp_path: Path) -> None:
    first = write_zip(tmp_path / "a.zip", {"a": picture(seed=1)})
    second = write_zip(tmp_path / "b.zip", {"b": picture(seed=2)})
    third = write_zip(tmp_path / "c.zip", {"a": picture(seed=3)})
    out = tmp_path / "out"
    run(out, [first])
    assert run(out, [second])["id"].tolist() == ["b"]
    assert pd.read_csv(out / "coverage.csv")["id"].tolist() == ["a", "b"]
    before = mask(out / "masks/a.png")
    with pytest.raises(
        DataError, match=r"c.zip: .*a.png: .* holds a mask of this name, of .*a.zip"
    ):
        run(out, [third])
    np.testing.assert_array_equal(mask(out / "masks/a.png"), before)


def test_a_folder_with_other_files_is_left_alone(tmp_path: Path) -> None:
    dataset = tmp_path / "dataset"
    for kind in ("images", "masks"):
        (dataset / kind).mkdir(parents=True)
        (dataset / kind / "a.png").write_bytes(png(picture(seed=len(kind))))
    before = {file: file.read_bytes() for file in dataset.rglob("*.png")}
    for overwrite in (False, True):
        with pytest.raises(DataError, match=r"dataset: holds other files; .* name a new"):
            run(dataset, [dataset], wishes=replace(PLAIN, overwrite=overwrite))
    assert {file: file.read_bytes() for file in dataset.rglob("*.png")} == before
    assert {file.name for file in dataset.iterdir()} == {"images", "masks"}


@pytest.mark.parametrize("text", ["null", "[1]", "3", '"x"', "{"])
def test_settings_of_somebody_else_are_left_alone(tmp_path: Path, text: str) -> None:
    path, _ = tiles(tmp_path, 1)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/prediction.json").write_text(text)
    with pytest.raises(DataError, match=r"prediction.json: not written by `saltseg predict`"):
        run(tmp_path / "out", [path], wishes=replace(PLAIN, overwrite=True))
    assert (tmp_path / "out/prediction.json").read_text() == text


@pytest.mark.parametrize("harm", ["lost", "empty", "cut", "of another size"])
@pytest.mark.parametrize("kind", ["masks", "probabilities"])
def test_damaged_results_are_made_again(tmp_path: Path, kind: str, harm: str) -> None:
    path, _ = tiles(tmp_path, 3)
    out, wishes = tmp_path / "out", replace(PLAIN, probabilities=True)
    run(out, [path], wishes=wishes)
    victim = out / kind / "t01.png"
    whole = victim.read_bytes()
    if harm == "lost":
        victim.unlink()
    else:
        cut = {"empty": b"", "cut": whole[:-5], "of another size": png(picture(5, 5))}
        victim.write_bytes(cut[harm])
    seen = []

    def watching(inputs: np.ndarray) -> np.ndarray:
        seen.append(len(inputs))
        return brightness(inputs)

    run(out, [path], model_of(watching), wishes)
    assert seen == [1]
    assert victim.read_bytes() == whole


def test_a_journal_cut_in_the_middle_of_a_row_loses_that_row_only(tmp_path: Path) -> None:
    path, _ = tiles(tmp_path, 3)
    run(tmp_path / "out", [path])
    journal = tmp_path / "out/.sections.jsonl"
    journal.write_text(journal.read_text()[:-20])
    seen = []

    def watching(inputs: np.ndarray) -> np.ndarray:
        seen.append(len(inputs))
        return brightness(inputs)

    assert len(run(tmp_path / "out", [path], model_of(watching))) == 3
    assert seen == [1]
    assert len(run(tmp_path / "out", [path], stopping(after=0))) == 3


def test_probabilities_may_be_asked_for_later(tmp_path: Path) -> None:
    path, _ = tiles(tmp_path, 2)
    run(tmp_path / "out", [path])
    run(tmp_path / "out", [path], wishes=replace(PLAIN, probabilities=True))
    assert len(list((tmp_path / "out/probabilities").iterdir())) == 2


@pytest.mark.parametrize("kind", ["tile", "volume"])
def test_outdated_probabilities_are_no_results(tmp_path: Path, kind: str) -> None:
    path, out = tmp_path / {"tile": "t.png", "volume": "t.npy"}[kind], tmp_path / "out"

    def write(level: int) -> None:
        grey = np.full((SIDE, SIDE), level, np.uint8)
        path.write_bytes(png(grey)) if kind == "tile" else np.save(path, grey)

    write(200)
    run(out, [path], wishes=replace(PLAIN, probabilities=True))
    write(10)
    run(out, [path])
    assert not list(out.rglob("probabilities/*.png"))
    assert not list(out.glob("*.probability.npy"))
    run(out, [path], wishes=replace(PLAIN, probabilities=True))
    assert set(mask(out / "probabilities/t.png").ravel() // 257) == {10}
    if kind == "volume":
        np.testing.assert_allclose(np.load(out / "t.probability.npy"), 10 / 255, atol=1e-4)


def test_a_section_that_shrank_to_a_tile_has_no_overlay(tmp_path: Path) -> None:
    path = tmp_path / "t.png"
    for width, drawn in ((3 * SIDE, True), (SIDE, False)):
        path.write_bytes(png(picture(SIDE, width)))
        run(tmp_path / "out", [path])
        assert (tmp_path / "out/overlays/t.png").exists() is drawn


def test_sections_that_a_volume_has_lost_are_forgotten(tmp_path: Path) -> None:
    path, out = tmp_path / "v.npy", tmp_path / "out"
    other, _ = tiles(tmp_path, 1)
    np.save(path, np.full((12, SIDE, SIDE), 200, np.uint8))
    run(out, [path, other])
    np.save(path, np.zeros((3, SIDE, SIDE), np.uint8))
    run(out, [path])
    kept = ["t00", "v/0", "v/1", "v/2"]
    assert pd.read_csv(out / "coverage.csv")["id"].tolist() == kept
    assert sorted(file.name for file in (out / "masks/v").iterdir()) == ["0.png", "1.png", "2.png"]
    assert len(run(out, [path, other], stopping(after=0))) == 4


@pytest.mark.parametrize("left", [".lock", ".prediction.json.partial"])
def test_stopped_before_it_began_it_can_begin(tmp_path: Path, left: str) -> None:
    path, _ = tiles(tmp_path, 2)
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / left).touch()
    assert len(run(tmp_path / "out", [path])) == 2


def test_a_journal_that_is_no_text_is_no_obstacle(tmp_path: Path) -> None:
    path, _ = tiles(tmp_path, 2)
    run(tmp_path / "out", [path])
    with (tmp_path / "out/.sections.jsonl").open("ab") as journal:
        journal.write(b'\n["\xff\xfe')
    assert len(run(tmp_path / "out", [path], stopping(after=0))) == 2


def test_a_section_too_long_for_a_picture_is_one_line(tmp_path: Path) -> None:
    np.save(tmp_path / "long.npy", np.zeros((2, 10**6 + 1), np.uint8))
    with pytest.raises(DataError, match=r"long: 2x1000001 pixels, which no PNG can hold"):
        run(tmp_path / "out", [tmp_path / "long.npy"])


def test_nobody_reads_any_more_when_an_error_is_told(tmp_path: Path) -> None:
    folder = tmp_path / "tiles"
    folder.mkdir()
    for n in range(30):
        (folder / f"t{n:02}.png").write_bytes(png(picture(seed=n)))
    before = threading.active_count()
    with pytest.raises(StoppedError) as caught:
        run(tmp_path / "out", [folder], stopping(after=1))
    # The error keeps every frame: no thread of theirs may run while it is told.
    assert caught.tb
    assert threading.active_count() == before


def test_overwrite_begins_anew(tmp_path: Path) -> None:
    np.save(tmp_path / "cube.npy", picture(70, 80).astype(float))
    path, _ = tiles(tmp_path, 2)
    out = tmp_path / "out"
    run(out, [path, tmp_path / "cube.npy"], wishes=replace(PLAIN, probabilities=True))
    (out / "notes.txt").write_text("mine")
    run(out, [write_zip(tmp_path / "other.zip", {"x": picture()})], wishes=Wishes(overwrite=True))
    left = {str(file.relative_to(out)) for file in out.rglob("*") if file.is_file()}
    assert left - {".lock", ".sections.jsonl"} == {
        "masks/x.png",
        "coverage.csv",
        "overview.png",
        "prediction.json",
        "notes.txt",
    }


def test_one_process_at_a_time(tmp_path: Path) -> None:
    path, _ = tiles(tmp_path, 2)
    out = tmp_path / "out"
    run(out, [path])
    with (
        FileLock(out / ".lock"),
        pytest.raises(DataError, match="out: another process predicts into it"),
    ):
        run(out, [path])


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


def test_nothing_to_do_is_quick_and_changes_nothing(tmp_path: Path) -> None:
    path, _ = tiles(tmp_path)
    run(tmp_path / "out", [path])
    before = {file: file.read_bytes() for file in (tmp_path / "out").rglob("*.*")}
    run(tmp_path / "out", [path], stopping(after=0))
    assert {file: file.read_bytes() for file in (tmp_path / "out").rglob("*.*")} == before
