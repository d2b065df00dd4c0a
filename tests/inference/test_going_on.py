"""Predictions that were stopped, or whose results or inputs have changed since."""

import threading
from dataclasses import replace
from pathlib import Path
from unittest.mock import Mock

import numpy as np
import pandas as pd
import pytest

from saltseg.inference.model import KnownModel, SaltModel
from saltseg.inference.pictures import PredictOptions
from saltseg.inference.results import Results
from tests.inference.sample import SIDE, brightness, model_of, picture, png, write_zip
from tests.inference.test_job import PLAIN, mask, run, tiles


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

            table = run(
                out, [source], model_of(watching), options=PredictOptions(batch_size=8)
            ).set_index("id")
            assert seen == [1 if size[1] == SIDE else 4]
            assert table.loc["t01", "coverage"] == pytest.approx(
                np.mean(images["t01"] > 127), abs=0.03
            )
        written = pd.read_csv(out / "coverage.csv").set_index("id")
        assert tuple(written.loc["t01", ["height", "width"]]) == (50, 130)


@pytest.mark.parametrize("harm", ["lost", "empty", "cut", "of another size"])
@pytest.mark.parametrize("kind", ["masks", "probabilities"])
def test_damaged_results_are_made_again(tmp_path: Path, kind: str, harm: str) -> None:
    path, _ = tiles(tmp_path, 3)
    out, output = tmp_path / "out", replace(PLAIN, probabilities=True)
    run(out, [path], output=output)
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

    run(out, [path], model_of(watching), output)
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
    run(tmp_path / "out", [path], output=replace(PLAIN, probabilities=True))
    assert len(list((tmp_path / "out/probabilities").iterdir())) == 2


@pytest.mark.parametrize("kind", ["tile", "volume"])
def test_outdated_probabilities_are_no_results(tmp_path: Path, kind: str) -> None:
    path, out = tmp_path / {"tile": "t.png", "volume": "t.npy"}[kind], tmp_path / "out"

    def write(level: int) -> None:
        grey = np.full((SIDE, SIDE), level, np.uint8)
        path.write_bytes(png(grey)) if kind == "tile" else np.save(path, grey)

    write(200)
    run(out, [path], output=replace(PLAIN, probabilities=True))
    write(10)
    run(out, [path])
    assert not list(out.rglob("probabilities/*.png"))
    assert not list(out.glob("*.probability.npy"))
    run(out, [path], output=replace(PLAIN, probabilities=True))
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


@pytest.mark.parametrize("fails", ["a network", "a disk"])
def test_nobody_reads_any_more_when_an_error_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: str
) -> None:
    folder = tmp_path / "tiles"
    folder.mkdir()
    for n in range(30):
        (folder / f"t{n:02}.png").write_bytes(png(picture(seed=n)))
    if fails == "a disk":
        monkeypatch.setattr("saltseg.inference.job._PIXELS_BEHIND", 0)
        monkeypatch.setattr(Results, "put", Mock(side_effect=StoppedError))
    before = set(threading.enumerate())
    with pytest.raises(StoppedError) as caught:
        run(tmp_path / "out", [folder], stopping(after=1 if fails == "a network" else 99))
    # The error keeps every frame: no thread of theirs may run while it is told.
    assert caught.tb
    # That of the progress bar may: nobody waits for it to end.
    names = [thread.name for thread in set(threading.enumerate()) - before]
    assert not [name for name in names if name.startswith("ThreadPoolExecutor")]


def test_nothing_to_do_needs_no_networks(tmp_path: Path) -> None:
    path, _ = tiles(tmp_path)
    table, model = run(tmp_path / "out", [path]), model_of()
    known = KnownModel(model.blueprint, model.facts, model.digest)
    pd.testing.assert_frame_equal(run(tmp_path / "out", [path], known), table)
    with pytest.raises(NotImplementedError):
        run(tmp_path / "new", [path], known)


def test_nothing_to_do_is_quick_and_changes_nothing(tmp_path: Path) -> None:
    path, _ = tiles(tmp_path)
    run(tmp_path / "out", [path])
    before = {file: file.read_bytes() for file in (tmp_path / "out").rglob("*.*")}
    run(tmp_path / "out", [path], stopping(after=0))
    assert {file: file.read_bytes() for file in (tmp_path / "out").rglob("*.*")} == before
