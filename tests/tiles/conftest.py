"""What tests of several files share."""

from pathlib import Path

import pytest

from saltseg.tiles.reading import rle
from tests.tiles.download import IDS, UNLABELLED, as_mask, as_rgb, grey, png, salt, write


@pytest.fixture
def kaggle(tmp_path: Path) -> Path:
    """A valid unpacked download; the CSV rows are not in the order of the ids."""
    folder = tmp_path / "tgs"
    for index, id_ in enumerate(IDS):
        write(folder, f"train/images/{id_}.png", png(as_rgb(grey(index))))
        write(folder, f"train/masks/{id_}.png", png(as_mask(salt(index))))
    for index, id_ in enumerate(UNLABELLED):
        write(folder, f"test/images/{id_}.png", png(as_rgb(grey(10 + index))))
    depths = [f"{id_},{100 + index}" for index, id_ in enumerate(IDS + UNLABELLED)]
    write(folder, "depths.csv", "\n".join(["id,z", *depths[::-1]]).encode())
    runs = [f"{id_},{rle.encode(salt(index))}" for index, id_ in enumerate(IDS)]
    write(folder, "train.csv", "\n".join(["id,rle_mask", *runs[::-1]]).encode())
    return folder
