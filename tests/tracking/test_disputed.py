"""Which tiles the report shows, with pictures from the cache of a real DVC repository."""

import subprocess
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from saltseg.errors import DataError
from saltseg.runs.lock import read_lock
from saltseg.tracking.disputed import most_disputed

IDS = ["a", "b", "c", "d", "e"]
SCORES = pd.DataFrame(
    {
        "id": IDS,
        "fold": [0, 0, 0, 1, 1],
        "coverage_class": [0, 0, 0, 3, 1],
        "map_iou": [1.0, 0.0, 0.0, 0.5, 1.0],
        "iou": [1.0, 0.0, 0.0, 0.7, 1.0],
        "fp": [0, 0, 0, 0, 0],
        "fn": [0, 9, 9, 3, 0],
    }
)
OTHER = SCORES.assign(
    # The first is best at a; the second at b, c (by far, no salt) and d (by little, salt);
    # they agree on e.
    map_iou=[0.0, 1.0, 1.0, 0.6, 1.0],
    iou=[0.0, 1.0, 1.0, 0.8, 1.0],
    fn=[3, 0, 4, 2, 0],
)


def dvc(folder: Path, *arguments: str) -> None:
    subprocess.run(["dvc", *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture(scope="module")
def repository(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Outputs of two networks as a pipeline leaves them in DVC's cache."""
    folder = tmp_path_factory.mktemp("disputed")
    survey = folder / "data/survey"
    survey.mkdir(parents=True)
    # The survey's order is not that of the scores.
    pd.DataFrame({"id": IDS[::-1]}).to_csv(survey / "tiles.csv", index=False)
    images = np.stack([np.full((3, 3), 10 * IDS.index(i), np.uint8) for i in IDS[::-1]])
    np.save(survey / "images.npy", images)
    np.save(survey / "masks.npy", np.zeros_like(images))
    for name, scale in (("one", 1.0), ("two", 0.5)):
        for fold, tiles in SCORES.groupby("fold"):
            out = folder / f"models/{name}/fold-{fold}"
            out.mkdir(parents=True)
            values = [scale * (IDS.index(i) + 1) / 10 for i in tiles["id"]]
            np.save(out / "oof.npy", np.float16([np.full((3, 3), v) for v in values]))
    dvc(folder, "init", "-q", "--no-scm")
    outs = ["data/survey", *(f"models/{n}/fold-{k}" for n in ("one", "two") for k in (0, 1))]
    for number, out in enumerate(outs):
        dvc(folder, "stage", "add", "-q", "-n", f"stage-{number}", "-o", out, "true")
    dvc(folder, "commit", "-f", "-q")
    return folder


def runs(folder: Path, *tiles: pd.DataFrame) -> list:
    lock = read_lock((folder / "dvc.lock").read_bytes())
    return [
        SimpleNamespace(outputs=SimpleNamespace(tiles=table, lock=lock, backbone=name, flip=False))
        for name, table in zip(("one", "two"), tiles, strict=True)
    ]


@pytest.fixture(autouse=True)
def inside(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository)


def test_by_turns_of_each_kind_the_widest_spread_first_then_more_pixels(repository: Path) -> None:
    found = most_disputed(runs(repository, SCORES, OTHER), 10)
    assert [tile.tile for tile in found] == ["b", "a", "d", "c"]
    assert [tile.fold for tile in found] == [0, 0, 1, 0]
    assert [t.tile for t in most_disputed(runs(repository, SCORES, OTHER), 2)] == ["b", "a"]


def test_pictures_and_predictions_are_those_of_the_tile(repository: Path) -> None:
    for tile in most_disputed(runs(repository, SCORES, OTHER), 10):
        place = IDS.index(tile.tile)
        assert (tile.image == 10 * place).all()
        one, two = tile.probabilities
        assert one.dtype == np.uint8
        assert (one == round(255 * float(np.float16((place + 1) / 10)))).all()
        assert (two == round(255 * float(np.float16((place + 1) / 20)))).all()


def test_a_tile_of_two_divisions_is_shown_once(repository: Path) -> None:
    """Folds 5 and 6 have no predictions here: those of the first division are read."""
    both = [pd.concat([table.assign(fold=table["fold"] + 5), table]) for table in (SCORES, OTHER)]
    found = most_disputed(runs(repository, *both), 10)
    assert [tile.tile for tile in found] == ["b", "a", "d", "c"]
    assert [tile.fold for tile in found] == [0, 0, 1, 0]


def test_nothing_where_all_agree(repository: Path) -> None:
    assert most_disputed(runs(repository, SCORES, SCORES), 10) == []


def test_what_the_cache_has_lost_is_named(repository: Path) -> None:
    pair = runs(repository, SCORES, OTHER)
    pair[1].outputs.backbone = "three"
    with pytest.raises(DataError, match=r"models/three/fold-0/oof\.npy is not in DVC's cache"):
        most_disputed(pair, 10)
