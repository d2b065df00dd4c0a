"""Predictions read from the files that training leaves."""

import json
import pickle
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from saltseg.errors import DataError
from saltseg.scoring.predictions import CrossValidation, read_predictions

FOLD = [1, 0, 2, 1, 0, 1]
IDS = ["00a", "01b", "02c", "03d", "04e", "05f"]


@pytest.fixture
def outputs(tmp_path: Path) -> Path:
    """Six tiles of 2 x 3 pixels in three folds; tile n is predicted as n / 10 everywhere."""
    survey = tmp_path / "survey"
    survey.mkdir()
    masks = np.zeros((6, 2, 3), np.uint8)
    masks[4:] = 1
    np.save(survey / "images.npy", np.arange(36, dtype=np.uint8).reshape(6, 2, 3))
    np.save(survey / "masks.npy", masks)
    coverage = masks.mean(axis=(1, 2))
    tiles = pd.DataFrame({"id": IDS, "z": 1.0, "coverage": coverage})
    tiles.to_csv(survey / "tiles.csv", index=False)
    folds = pd.DataFrame({"id": IDS, "fold": FOLD, "coverage_class": (coverage * 10).astype(int)})
    folds["group"] = 5
    folds.to_csv(tmp_path / "folds.csv", index=False)
    for fold in range(3):
        folder = tmp_path / "models" / f"fold-{fold}"
        folder.mkdir(parents=True)
        own = np.flatnonzero(np.array(FOLD) == fold)
        predicted = np.broadcast_to(own[:, None, None] / 10, (len(own), 2, 3))
        np.save(folder / "oof.npy", predicted.astype(np.float16))
        np.save(folder / "holdout.npy", np.zeros((0, 2, 3), np.float16))
        history = pd.DataFrame({"epoch": [1, 2], "loss": [1.0, 0.5 + fold]})
        history.to_csv(folder / "history.csv", index=False)
        (folder / "network.json").write_text(json.dumps({"parameters": 7, "gflops": 0.5}))
    return tmp_path


def read(outputs: Path, wanted: list[int]) -> CrossValidation:
    return read_predictions(outputs / "models", outputs / "survey", outputs / "folds.csv", wanted)


def assert_one_line(outputs: Path, *expected: str) -> None:
    with pytest.raises(DataError) as caught:
        read(outputs, [1, 0])
    message = str(caught.value)
    assert [part for part in expected if part not in message] == [], message
    assert "\n" not in message


def test_each_prediction_meets_its_own_tile(outputs: Path) -> None:
    result = read(outputs, [0, 1, 2])
    predicted, places = result.out_of_fold, [1, 4, 0, 3, 5, 2]
    assert predicted.tiles["id"].tolist() == [IDS[place] for place in places]
    assert predicted.tiles["coverage"].tolist() == [0, 1, 0, 0, 1, 0]
    assert predicted.probabilities.dtype == np.float16
    np.testing.assert_allclose(predicted.probabilities[:, 1, 2], np.array(places) / 10, atol=1e-3)
    assert predicted.images[:, 0, 0].tolist() == [6 * place for place in places]
    assert predicted.masks[:, 0, 0].tolist() == [0, 1, 0, 0, 1, 0]
    assert len(result.holdout.tiles) == len(result.holdout.probabilities) == 0
    assert result.cost == {"parameters": 7, "gflops": 0.5}


def test_those_of_mirror_images_are_read_where_asked_for(outputs: Path) -> None:
    for fold in range(3):
        folder = outputs / f"models/fold-{fold}"
        for part in ("oof", "holdout"):
            np.save(folder / f"{part}_flip.npy", np.load(folder / f"{part}.npy") + np.float16(0.5))
    plain = read(outputs, [0, 1]).out_of_fold.probabilities
    parts = (outputs / name for name in ("models", "survey", "folds.csv"))
    both = read_predictions(*parts, [0, 1], flip=True).out_of_fold.probabilities
    np.testing.assert_allclose(both, plain + np.float16(0.5), atol=1e-3)


def test_curves_of_all_folds_stand_below_each_other(outputs: Path) -> None:
    curves = read(outputs, [0, 2]).curves
    assert curves.columns.tolist() == ["fold", "epoch", "loss"]
    assert curves.to_numpy().tolist() == [[0, 1, 1], [0, 2, 0.5], [2, 1, 1], [2, 2, 2.5]]


def test_scores_of_each_tile(outputs: Path) -> None:
    scored = read(outputs, [0, 1, 2]).out_of_fold.scored(threshold=0.25).set_index("id")
    # Tiles 0 to 2 are left empty, 3 to 5 are called salt; salt are 4 and 5.
    assert scored.loc[IDS, "iou"].tolist() == [1, 1, 1, 0, 1, 1]
    assert scored.loc["03d", ["tp", "fp", "fn"]].tolist() == [0, 6, 0]
    assert scored.loc["04e", ["tp", "fp", "fn"]].tolist() == [6, 0, 0]


def test_threshold_moves_the_scores(outputs: Path) -> None:
    scored = read(outputs, [0, 1, 2]).out_of_fold.scored(threshold=0.45).set_index("id")
    assert scored.loc[IDS, "iou"].tolist() == [1, 1, 1, 1, 0, 1]


def test_folds_that_are_not_wanted_are_not_read(outputs: Path) -> None:
    (outputs / "models" / "fold-2" / "oof.npy").write_text("stale")
    shutil.copytree(outputs / "models" / "fold-0", outputs / "models" / "fold-7")
    assert read(outputs, [1, 0]).out_of_fold.tiles["fold"].tolist() == [1, 1, 1, 0, 0]


def test_a_tile_is_there_once_for_each_division(outputs: Path) -> None:
    """Fold 3, of another division, holds tiles of folds 0 and 2."""
    folds = pd.read_csv(outputs / "folds.csv", dtype={"id": str})
    folds["fold_1"] = [4, 3, 3, 5, 4, 5]
    folds.to_csv(outputs / "folds.csv", index=False)
    shutil.copytree(outputs / "models" / "fold-0", outputs / "models" / "fold-3")
    tiles = read(outputs, [3, 0]).out_of_fold.tiles
    assert tiles[["id", "fold"]].to_numpy().tolist() == [
        ["01b", 0],
        ["04e", 0],
        ["01b", 3],
        ["02c", 3],
    ]
    assert "fold_1" not in tiles


def make_holdout(outputs: Path) -> None:
    """Tile 1 was never seen, and folds 1 and 2 predict it as 0.75 and 0.25."""
    folds = pd.read_csv(outputs / "folds.csv", dtype={"id": str})
    folds.loc[1, "fold"] = -1
    folds.to_csv(outputs / "folds.csv", index=False)
    for fold, probability in ((1, 0.75), (2, 0.25)):
        predicted = np.full((1, 2, 3), probability, np.float16)
        np.save(outputs / f"models/fold-{fold}/holdout.npy", predicted)


def test_holdout_is_predicted_by_all_folds_together(outputs: Path) -> None:
    make_holdout(outputs)
    result = read(outputs, [1, 2])
    assert result.holdout.tiles["id"].tolist() == ["01b"]
    assert result.holdout.images[0, 0, 0] == 6
    assert (result.holdout.probabilities == 0.5).all()
    assert "01b" not in result.out_of_fold.tiles["id"].tolist()
    scored = result.holdout.scored(0.49)
    assert scored[["id", "fold", "iou", "fp"]].to_numpy().tolist() == [["01b", -1, 0, 6]]


def test_holdout_of_another_split(outputs: Path) -> None:
    make_holdout(outputs)
    np.save(outputs / "models/fold-1/holdout.npy", np.zeros((2, 2, 3), np.float16))
    assert_one_line(outputs, "fold-1/holdout.npy", "(2, 2, 3)", "(1, 2, 3)", "dvc repro")


def test_missing_fold(outputs: Path) -> None:
    shutil.rmtree(outputs / "models" / "fold-1")
    assert_one_line(outputs, "fold-1/oof.npy", "dvc repro")


def test_predictions_of_another_split(outputs: Path) -> None:
    np.save(outputs / "models" / "fold-1" / "oof.npy", np.zeros((2, 2, 3), np.float16))
    assert_one_line(outputs, "fold-1/oof.npy", "(2, 2, 3)", "(3, 2, 3)", "dvc repro")


def test_predictions_of_a_network_gone_wild(outputs: Path) -> None:
    path = outputs / "models" / "fold-1" / "oof.npy"
    predicted = np.load(path)
    predicted[0, 0, 0] = np.nan
    np.save(path, predicted)
    assert_one_line(outputs, "fold-1/oof.npy", "no finite numbers", "train.learning_rate")


def test_pickled_predictions_are_refused(outputs: Path) -> None:
    for write in (
        lambda file: np.save(file, np.array([{}], dtype=object), allow_pickle=True),
        lambda file: pickle.dump([1, 2, 3], file),
    ):
        with (outputs / "models" / "fold-0" / "oof.npy").open("wb") as file:
            write(file)
        assert_one_line(outputs, "fold-0/oof.npy", "dvc repro")


@pytest.mark.parametrize("kept", [0, 3, 200], ids=["empty", "magic cut", "data cut"])
def test_truncated_predictions(outputs: Path, kept: int) -> None:
    path = outputs / "survey" / "masks.npy"
    np.save(path, np.zeros((6, 20, 30), np.uint8))
    path.write_bytes(path.read_bytes()[:kept])
    assert_one_line(outputs, "masks.npy", "dvc repro")


@pytest.mark.parametrize("name", ["history.csv", "network.json"])
@pytest.mark.parametrize("content", [None, "", '{"a": 1, 2\n1,2,3\n1,2,3,4\n'])
def test_unreadable_small_file(outputs: Path, name: str, content: str | None) -> None:
    path = outputs / "models" / "fold-1" / name
    if content is None:
        path.unlink()
    else:
        path.write_text(content)
    assert_one_line(outputs, f"fold-1/{name}", "dvc repro")


def test_missing_survey_table(outputs: Path) -> None:
    (outputs / "survey" / "tiles.csv").unlink()
    assert_one_line(outputs, "survey/tiles.csv", "dvc repro")


def test_fold_table_of_another_survey(outputs: Path) -> None:
    folds = pd.read_csv(outputs / "folds.csv", dtype={"id": str})
    folds.assign(id=[f"x{id_}" for id_ in IDS]).to_csv(outputs / "folds.csv", index=False)
    assert_one_line(outputs, "folds.csv", "dvc repro")
