"""Predictions into a folder that holds something: other files, settings, another's work."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from filelock import FileLock

from saltseg.errors import DataError
from saltseg.inference.grey.tones import Showing
from saltseg.inference.job import OutputOptions
from saltseg.inference.pictures import PredictOptions
from saltseg.inference.sections import Reading
from saltseg.inference.segy.volume import Geometry
from tests.inference.sample import model_of, picture, png, write_zip
from tests.inference.test_job import AS_IS, PLAIN, mask, run, tiles


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"output": replace(PLAIN, threshold=0.3)}, "threshold"),
        ({"options": PredictOptions(flip=True)}, "flip"),
        ({"options": PredictOptions(overlap=0.25)}, "overlap"),
        ({"model": replace(model_of(), digest="other")}, "networks"),
        ({"reading": Reading(clip=90, showing=AS_IS.showing)}, "clip"),
        ({"reading": Reading(showing=Showing("window", (-1.0,), "grey"))}, "stretch, null, kind"),
        ({"reading": Reading(showing=Showing("file", (np.nan,)))}, "null"),
        ({"reading": replace(AS_IS, axes="ixd")}, "axes"),
        ({"reading": Reading(geometry=Geometry(9, 21), showing=AS_IS.showing)}, "iline, xline"),
        (
            {"reading": Reading(geometry=Geometry(format="ieee"), showing=AS_IS.showing)},
            "format",
        ),
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
    output = replace(change.get("output", PLAIN), overwrite=True)
    run(out, [path], **change | {"output": output})
    run(out, [path], **change)


def test_a_folder_of_before_a_setting_was_known(tmp_path: Path) -> None:
    path, _ = tiles(tmp_path, 1)
    run(tmp_path / "out", [path])
    kept = tmp_path / "out/prediction.json"
    settings = json.loads(kept.read_text())
    assert settings.pop("format") is None
    kept.write_text(json.dumps(settings))
    run(tmp_path / "out", [path])
    assert "format" in json.loads(kept.read_text())


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
            run(dataset, [dataset], output=replace(PLAIN, overwrite=overwrite))
    assert {file: file.read_bytes() for file in dataset.rglob("*.png")} == before
    assert {file.name for file in dataset.iterdir()} == {"images", "masks"}


@pytest.mark.parametrize("text", ["null", "[1]", "3", '"x"', "{"])
def test_settings_of_somebody_else_are_left_alone(tmp_path: Path, text: str) -> None:
    path, _ = tiles(tmp_path, 1)
    (tmp_path / "out").mkdir()
    (tmp_path / "out/prediction.json").write_text(text)
    with pytest.raises(DataError, match=r"prediction.json: not written by `saltseg predict`"):
        run(tmp_path / "out", [path], output=replace(PLAIN, overwrite=True))
    assert (tmp_path / "out/prediction.json").read_text() == text


def test_overwrite_begins_anew(tmp_path: Path) -> None:
    np.save(tmp_path / "cube.npy", picture(70, 80).astype(float))
    path, _ = tiles(tmp_path, 2)
    out = tmp_path / "out"
    run(out, [path, tmp_path / "cube.npy"], output=replace(PLAIN, probabilities=True))
    (out / "notes.txt").write_text("mine")
    run(
        out,
        [write_zip(tmp_path / "other.zip", {"x": picture()})],
        output=OutputOptions(overwrite=True),
    )
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
