"""Submissions: run-length text of the sample's tiles, in its order."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from saltseg.errors import DataError
from saltseg.inference.pictures import PredictOptions
from saltseg.inference.submission import find_sample, write_submission
from tests.inference.sample import brightness, model_of, write_zip
from tests.inference.test_going_on import StoppedError, stopping
from tests.inference.test_job import tiles


def column(*levels: int) -> np.ndarray:
    return np.repeat(np.array(levels, np.uint8)[:, None], 3, axis=1)


def submit(folder: Path, sample: Path | None = None, model=None) -> tuple[int, int]:  # type: ignore[no-untyped-def]
    out, test = folder / "submission.csv", folder / "test.zip"
    ids = sample or find_sample(test)
    return write_submission(out, test, ids, model or model_of(), PredictOptions(batch_size=4))


def test_rows_are_those_of_the_sample(tmp_path: Path) -> None:
    images = {
        "b": column(200, 0, 200, 200),  # of 4 x 3
        "a": column(0, 0, 0, 0),
        "c": column(255, 255, 255, 255),
        "extra": column(9, 9, 9, 9),
    }
    write_zip(tmp_path / "test.zip", images)
    (tmp_path / "sample_submission.csv").write_text("id,rle_mask\nc,1 1\na,\nb,1 1\n")

    def networks(inputs: np.ndarray) -> np.ndarray:
        assert not (inputs == 9).any(), "the extra tile is predicted"
        return brightness(inputs)

    model = model_of(networks, height=4, width=3)
    small = model.blueprint.preprocess.model_copy(update={"side": 32})
    model = replace(model, blueprint=model.blueprint.model_copy(update={"preprocess": small}))
    assert submit(tmp_path, model=model) == (2, 3)
    text = (tmp_path / "submission.csv").read_text()
    assert text.splitlines()[:3] == ["id,rle_mask", "c,1 12", "a,"]
    # Down the first column, pixel 1 salt, 2 not, 3 and 4 salt; and so on.
    assert text.splitlines()[3] == "b,1 1 3 3 7 3 11 2"
    assert not list(tmp_path.glob(".*"))


def test_without_sample_the_ids_are_sorted(tmp_path: Path) -> None:
    path, _ = tiles(tmp_path, 3)
    path.rename(tmp_path / "test.zip")
    submit(tmp_path)
    rows = (tmp_path / "submission.csv").read_text().splitlines()
    assert [row.split(",")[0] for row in rows] == ["id", "t00", "t01", "t02"]


def test_missing_tiles_are_named_before_anything_is_predicted(tmp_path: Path) -> None:
    path, _ = tiles(tmp_path, 3)
    path.rename(tmp_path / "test.zip")
    sample = tmp_path / "other.csv"
    sample.write_text("id,rle_mask\nt00,\nt77,\n")
    with pytest.raises(
        DataError, match=r"test.zip: no image for 1 tile \(t77\), which .*other.csv"
    ):
        submit(tmp_path, sample, stopping(after=0))
    assert not (tmp_path / "submission.csv").exists()


def test_stopped_it_goes_on(tmp_path: Path) -> None:
    path, _ = tiles(tmp_path, 10)
    path.rename(tmp_path / "test.zip")
    with pytest.raises(StoppedError):
        submit(tmp_path, model=stopping(after=2))
    assert not (tmp_path / "submission.csv").exists()
    submit(tmp_path, model=stopping(after=1))
    resumed = (tmp_path / "submission.csv").read_bytes()
    submit(tmp_path)
    assert (tmp_path / "submission.csv").read_bytes() == resumed


def test_what_waits_of_another_model_is_of_no_use(tmp_path: Path) -> None:
    path, _ = tiles(tmp_path, 10)
    path.rename(tmp_path / "test.zip")
    with pytest.raises(StoppedError):
        submit(tmp_path, model=stopping(after=2))
    submit(tmp_path, model=replace(model_of(lambda x: 0 * x[..., 0] + 1.0), digest="all salt"))
    rows = (tmp_path / "submission.csv").read_text().splitlines()[1:]
    assert [row.split(",")[1] for row in rows] == [f"1 {64 * 64}"] * 10


def test_a_changed_tile_is_not_taken_from_what_waits(tmp_path: Path) -> None:
    path, images = tiles(tmp_path, 10)
    path.rename(tmp_path / "test.zip")
    with pytest.raises(StoppedError):
        submit(tmp_path, model=stopping(after=2))
    write_zip(tmp_path / "test.zip", images | {"t00": np.full((64, 64), 255, np.uint8)})
    submit(tmp_path)
    assert f"t00,1 {64 * 64}\n" in (tmp_path / "submission.csv").read_text()


def test_mistakes_are_found_before_anything_is_predicted(tmp_path: Path) -> None:
    path, _ = tiles(tmp_path, 1)
    (tmp_path / "folder").mkdir()
    (tmp_path / "empty.csv").write_text("id,rle_mask\n")
    for out, sample, expected in (
        (tmp_path / "folder", None, "folder: a folder; name the CSV file"),
        (Path(), None, "a folder; name the CSV file"),
        (tmp_path / "s.csv", tmp_path / "empty.csv", "empty.csv: no tiles"),
    ):
        with pytest.raises(DataError, match=expected):
            write_submission(out, path, sample, stopping(after=0), PredictOptions())
    assert not list(tmp_path.glob(".*"))
