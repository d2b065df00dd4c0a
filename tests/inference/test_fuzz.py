"""Damaged files of amplitudes give sections or one line, and never end the process."""

import random
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from saltseg.errors import DataError
from saltseg.inference.npy import NpyVolume
from saltseg.inference.segy.volume import Geometry, SegyVolume
from saltseg.inference.volumes import Volume
from tests.inference.test_segy import amplitudes, grid, write_segy

MUTATIONS = 500


def damaged(data: bytes, headers: tuple[int, int], draw: random.Random) -> bytes:
    """Some bytes changed, more often than not in the headers; now and then cut off."""
    changed = bytearray(data)
    for _ in range(draw.choice([1, 1, 2, 5, 30])):
        anywhere = draw.random() < 0.4
        changed[draw.randrange(*((0, len(data)) if anywhere else headers))] = draw.randrange(256)
    return bytes(changed[: draw.randrange(len(data))] if draw.random() < 0.15 else changed)


def segy(folder: Path) -> bytes:
    return write_segy(folder / "v.sgy", amplitudes(6), grid([1, 2], [1, 2, 3])).read_bytes()


def npy(folder: Path) -> bytes:
    np.save(folder / "v.npy", amplitudes(6)[None])
    return (folder / "v.npy").read_bytes()


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize(
    ("make", "name", "headers", "read"),
    [
        (segy, "v.sgy", (3200, 3900), lambda path, line: SegyVolume(path, 99, Geometry(line=line))),
        (npy, "v.npy", (0, 128), lambda path, _: NpyVolume(path, 99)),
    ],
)
def test_damaged_files(
    tmp_path: Path,
    make: Callable[[Path], bytes],
    name: str,
    headers: tuple[int, int],
    read: Callable[[Path, bool], Volume],
) -> None:
    whole, draw, path = make(tmp_path), random.Random(7), tmp_path / name
    ends: Counter[bool] = Counter()
    for _ in range(MUTATIONS):
        path.write_bytes(damaged(whole, headers, draw))
        try:
            volume = read(path, draw.random() < 0.3)
            sections = {id_: volume.read(id_) for id_ in volume.ids}
            volume.write(sections.__getitem__, tmp_path / "out", True)
            assert all(section.dtype == np.uint8 for section in sections.values())
            ends[True] += 1
        except DataError as error:
            ends[False] += "\n" not in str(error)
    assert ends.total() == MUTATIONS
    assert min(ends[True], ends[False]) > MUTATIONS / 20
