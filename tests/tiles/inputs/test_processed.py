"""The network's input is read as what it was made as, or refused in a line."""

from pathlib import Path

import numpy as np
import pytest

from saltseg.errors import DataError
from saltseg.params import Preprocess
from saltseg.tiles.inputs.native import Native
from saltseg.tiles.inputs.processed import read_processed, write_kinds

OPTIONS = Preprocess(side=32, channels=["intensity", "depth_ramp"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    np.save(tmp_path / "images.npy", np.full((3, 32, 32, 2), 7, np.uint8))
    np.save(tmp_path / "masks.npy", np.ones((3, 32, 32, 1), np.uint8))
    write_kinds(["grey", "position"], tmp_path)
    (tmp_path / "native.json").write_text(Native(height=101, width=90).model_dump_json())
    return tmp_path


def test_what_was_written_is_read(folder: Path) -> None:
    tiles = read_processed(folder, OPTIONS)
    assert (tiles.images == 7).all()
    assert (tiles.masks == 1).all()
    assert list(tiles.kinds) == ["grey", "position"]
    assert (tiles.native.height, tiles.native.width) == (101, 90)


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"side": 64}, "images.npy: tiles of 32x32x2, but params.yaml asks for 64x64x2"),
        ({"channels": ["intensity"]}, "tiles of 32x32x2, but params.yaml asks for 32x32x1"),
    ],
)
def test_arrays_of_other_options_are_refused(folder: Path, change: dict, expected: str) -> None:
    with pytest.raises(DataError, match=rf"{expected} .*run `dvc repro`"):
        read_processed(folder, OPTIONS.model_copy(update=change))


def test_masks_of_another_side_are_refused(folder: Path) -> None:
    np.save(folder / "masks.npy", np.ones((3, 64, 64, 1), np.uint8))
    with pytest.raises(DataError, match=r"masks.npy: tiles of 64x64x1, but .* 32x32x1"):
        read_processed(folder, OPTIONS)


@pytest.mark.parametrize("text", ["", "[]", '["grey"]', '["grey", "loud"]', '["grey", {}]', "3"])
def test_damaged_kinds_are_one_line(folder: Path, text: str) -> None:
    (folder / "channels.json").write_text(text)
    with pytest.raises(DataError, match=r"channels.json: missing or damaged; run `dvc repro`"):
        read_processed(folder, OPTIONS)
