"""A survey read from a download of the competition, whatever its layout."""

import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml

from saltseg.errors import DataError
from saltseg.tiles.dataset import read_dataset
from saltseg.tiles.reading import rle
from saltseg.tiles.reading.kaggle import read_kaggle
from tests.tiles.download import (
    HEIGHT,
    IDS,
    UNLABELLED,
    WIDTH,
    Change,
    as_rgb,
    assert_one_line,
    grey,
    png,
    salt,
    write,
    zip_up,
)


def unpacked(folder: Path) -> None:
    pass


def zipped(folder: Path) -> None:
    zip_up(folder, "train")
    zip_up(folder, "test")


def zipped_with_outer_folder(folder: Path) -> None:
    shutil.make_archive(str(folder / "train"), "zip", folder, "train")
    shutil.rmtree(folder / "train")


def without_train_folder(folder: Path) -> None:
    for name in ("images", "masks"):
        (folder / "train" / name).rename(folder / name)
    (folder / "train").rmdir()


def with_clutter(folder: Path) -> None:
    zipped(folder)
    with zipfile.ZipFile(folder / "train.zip", "a") as file:
        file.mkdir("__MACOSX")
        for name in ("__MACOSX/images/0a1.png", "images/.DS_Store", "images/.0a1.png", "x.txt"):
            file.writestr(name, b"no picture")


def with_clutter_of_a_mac(folder: Path) -> None:
    """Unpacked by `unzip`: a second tree of resource forks."""
    for name in ("__MACOSX/train/images/._0a1.png", "train/images/._0a1.png", "train/.DS_Store"):
        write(folder, name, b"no picture")
    into(folder, "tgs", but="__MACOSX")


def into(folder: Path, name: str, but: str = "") -> None:
    """Everything a folder deeper."""
    names = [path for path in folder.iterdir() if path.name != but]
    (folder / name).mkdir()
    for path in names:
        path.rename(folder / name / path.name)


def in_competition_data(folder: Path) -> None:
    into(folder, "competition_data")


def tables_outside(folder: Path) -> None:
    in_competition_data(folder)
    for name in ("depths.csv", "train.csv"):
        (folder / "competition_data" / name).rename(folder / name)


def beside_its_copy_in_competition_data(folder: Path) -> None:
    write(folder, "competition_data/train/images/x.png", b"no picture")


def train_in_train(folder: Path) -> None:
    into(folder / "train", "train")
    into(folder / "test", "test")


def images_in_images(folder: Path) -> None:
    """For `flow_from_directory`, which wants a folder for a class."""
    for path in (folder / "train/images", folder / "train/masks", folder / "test/images"):
        into(path, path.name)


def one_zip(folder: Path) -> None:
    into(folder, "tgs-salt-identification-challenge")
    zip_up(folder, "tgs-salt-identification-challenge")


def one_zip_with_a_folder_around_all(folder: Path) -> None:
    in_competition_data(folder)
    into(folder, "download")
    zip_up(folder, "download")


def renamed_by_a_second_download(folder: Path) -> None:
    (folder / "train").rename(folder / "train 2")


def uppercase_extensions(folder: Path) -> None:
    for path in [*folder.rglob("*.png")]:
        path.rename(path.with_suffix(".PNG"))


def clutter_of_windows(folder: Path) -> None:
    for name in ("Thumbs.db", "desktop.ini"):
        write(folder, f"train/images/{name}", b"no picture")


def exported_with_alpha(folder: Path) -> None:
    """By an editor that knows no grey: masks, too, as RGBA, opaque."""
    for index, id_ in enumerate(IDS):
        for kind, picture in (("images", grey(index)), ("masks", salt(index) * np.uint8(255))):
            rgba = np.dstack([as_rgb(picture), np.full_like(picture, 255)])
            write(folder, f"train/{kind}/{id_}.png", png(rgba))


def masks_of_ones(folder: Path) -> None:
    """Black to the eye; as 8 and as 16 bits."""
    for index, id_ in enumerate(IDS):
        mask = salt(index).astype(np.uint16 if index % 2 else np.uint8)
        write(folder, f"train/masks/{id_}.png", png(mask))


def tables_saved_by_windows(folder: Path) -> None:
    for name in ("depths.csv", "train.csv"):
        text = (folder / name).read_bytes().replace(b"\n", b"\r\n")
        write(folder, name, b"\xef\xbb\xbf" + text)


def tables_with_an_index(folder: Path) -> None:
    """As `to_csv` writes them unless told otherwise."""
    for name in ("depths.csv", "train.csv"):
        lines = (folder / name).read_text().splitlines()
        numbered = [f"{n or ''},{line}" for n, line in enumerate(lines)]
        write(folder, name, "\n".join(numbered).encode())


@pytest.mark.parametrize(
    "layout",
    [
        unpacked,
        zipped,
        zipped_with_outer_folder,
        without_train_folder,
        with_clutter,
        with_clutter_of_a_mac,
        in_competition_data,
        tables_outside,
        beside_its_copy_in_competition_data,
        train_in_train,
        images_in_images,
        one_zip,
        one_zip_with_a_folder_around_all,
        renamed_by_a_second_download,
        uppercase_extensions,
        clutter_of_windows,
        exported_with_alpha,
        masks_of_ones,
        tables_saved_by_windows,
        tables_with_an_index,
    ],
)
def test_reads_every_layout(kaggle: Path, layout: Change) -> None:
    layout(kaggle)
    survey = read_dataset(kaggle)
    np.testing.assert_array_equal(survey.images, [grey(index) for index in range(4)])
    np.testing.assert_array_equal(survey.masks, [salt(index) for index in range(4)])
    np.testing.assert_array_equal(survey.unlabelled, [grey(10), grey(11)])
    assert {array.dtype.name for array in (survey.images, survey.masks, survey.unlabelled)} == {
        "uint8"
    }
    assert list(survey.tiles.columns) == ["id", "z", "coverage"]
    assert list(survey.tiles["id"]) == IDS
    assert list(survey.tiles["z"]) == [100, 101, 102, 103]
    np.testing.assert_allclose(survey.tiles["coverage"], [0, 2 / 30, 4 / 30, 6 / 30])
    assert survey.unlabelled_tiles.to_dict("list") == {"id": UNLABELLED, "z": [104, 105]}


def test_all_but_the_labelled_tiles_is_optional(kaggle: Path) -> None:
    shutil.rmtree(kaggle / "test")
    for name in ("depths.csv", "train.csv"):
        (kaggle / name).unlink()
    survey = read_kaggle(kaggle)
    assert survey.unlabelled.shape == (0, HEIGHT, WIDTH)
    assert survey.unlabelled.dtype == np.uint8
    assert list(survey.unlabelled_tiles.columns) == ["id", "z"]
    assert survey.tiles["z"].isna().all()


def test_grey_images_are_taken_as_they_are(kaggle: Path) -> None:
    write(kaggle, "train/images/0a1.png", png(grey(77)))
    np.testing.assert_array_equal(read_kaggle(kaggle).images[0], grey(77))


def test_tiles_at_several_places_are_named(kaggle: Path) -> None:
    in_competition_data(kaggle)
    shutil.copytree(kaggle / "competition_data", kaggle / "copy")
    assert_one_line(kaggle, ["tiles at several places (", "competition_data, ", "/copy)"])
    (kaggle / "copy/train").rename(kaggle / "train")
    into(kaggle / "train", "one")
    shutil.copytree(kaggle / "train/one", kaggle / "train/two")
    assert_one_line(kaggle, ["train: tiles at several places (", "train/one, ", "train/two)"])


def test_several_zips_of_everything_are_named(kaggle: Path) -> None:
    one_zip(kaggle)
    [path] = kaggle.iterdir()
    shutil.copy(path, kaggle / "tgs (1).zip")
    assert_one_line(kaggle, ["tiles in several zips (tgs (1).zip, tgs-salt", "expected one"])


def test_zip_of_zips_is_to_be_unpacked(kaggle: Path) -> None:
    zipped(kaggle)
    one_zip(kaggle)
    [path] = kaggle.iterdir()
    assert_one_line(kaggle, [f"holds test.zip and train.zip; unpack it: unzip {path} -d {kaggle}"])


def test_soft_masks_are_counted_once(kaggle: Path) -> None:
    levels = salt(3) * np.uint8(200)
    levels[0, :2] = 90, 110
    write(kaggle, "train/masks/3d4.png", png(levels))
    (kaggle / "train.csv").unlink()
    survey = read_kaggle(kaggle)
    assert survey.masks[3].sum() == salt(3).sum() + 1
    [remark] = survey.remarks
    assert remark.startswith("1 of 4 masks have more than two grey levels (first: ")
    assert "train/masks/3d4.png" in remark


def test_depths_of_other_tiles_are_remarked(kaggle: Path) -> None:
    write(kaggle, "depths.csv", b"id,z\n0a1.png,5\n")
    [remark] = read_kaggle(kaggle).remarks
    assert "depths.csv gives no depth for any labelled tile" in remark


def test_any_mask_value_above_zero_is_salt(kaggle: Path) -> None:
    write(kaggle, "train/masks/1b2.png", png(salt(1) * np.uint8(3)))
    np.testing.assert_array_equal(read_kaggle(kaggle).masks[1], salt(1))


def test_the_folder_goes_before_the_zip(kaggle: Path) -> None:
    shutil.make_archive(str(kaggle / "train"), "zip", kaggle / "train")
    write(kaggle, "train/images/0a1.png", png(grey(77)))
    np.testing.assert_array_equal(read_kaggle(kaggle).images[0], grey(77))


@pytest.mark.parametrize(
    "new", [["0001", "0002", "0003", "0004"], ["1e1", "1e2", "1e3", "1e4"], ["NA", "a", "b", "nan"]]
)
def test_ids_that_look_like_numbers_stay_text(kaggle: Path, new: list[str]) -> None:
    shutil.rmtree(kaggle / "test")
    for id_, old in zip(new, IDS, strict=True):
        for name in ("images", "masks"):
            (kaggle / f"train/{name}/{old}.png").rename(kaggle / f"train/{name}/{id_}.png")
    write(kaggle, "depths.csv", "\n".join(["id,z", *(f"{id_},7" for id_ in new)]).encode())
    runs = (f"{id_},{rle.encode(salt(index))}" for index, id_ in enumerate(new))
    write(kaggle, "train.csv", "\n".join(["id,rle_mask", *runs]).encode())
    survey = read_kaggle(kaggle)
    assert list(survey.tiles["id"]) == new
    assert list(survey.tiles["z"]) == [7, 7, 7, 7]


def test_unknown_depths_and_byte_order_mark(kaggle: Path) -> None:
    write(kaggle, "depths.csv", b"\xef\xbb\xbfid,z\r\n1b2,\r\n2c3,7.5\r\nother,1\r\n")
    z = read_kaggle(kaggle).tiles["z"]
    np.testing.assert_array_equal(z, [np.nan, np.nan, 7.5, np.nan])


@pytest.mark.filterwarnings("ignore::pandas.errors.ParserWarning")
def test_trailing_commas_do_not_shift_the_columns(kaggle: Path) -> None:
    write(kaggle, "depths.csv", b"id,z\n0a1,1,\n1b2,2,\n2c3,3,\n3d4,4,\n")
    assert list(read_kaggle(kaggle).tiles["z"]) == [1, 2, 3, 4]


def test_dataset_may_be_a_recipe(tmp_path: Path) -> None:
    recipe = yaml.safe_load((Path(__file__).parents[3] / "data/synthetic.yaml").read_text())
    path = tmp_path / "small.yml"
    path.write_text(yaml.safe_dump(recipe | {"tiles": 4, "unlabelled": 2}))
    survey = read_dataset(path)
    assert len(survey.images) == len(survey.tiles) == 4
    assert len(survey.unlabelled) == 2


def test_dataset_is_neither(kaggle: Path) -> None:
    path = zip_up(kaggle, "train")
    with pytest.raises(DataError, match=r"train.zip: neither a recipe nor a folder; expected"):
        read_dataset(path)


@pytest.mark.parametrize(("path", "advice"), [("../tgs", True), ("data/tgs", False)])
def test_missing_dataset_outside_the_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, advice: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match=f"dataset {path}: does not exist") as caught:
        read_dataset(Path(path))
    assert ("dvc add data/tgs" in str(caught.value)) == advice
    assert "\n" not in str(caught.value)


def test_missing_dataset_that_dvc_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in a fresh clone, before `dvc pull`."""
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "data/tgs.dvc", b"outs:")
    with pytest.raises(DataError, match=r"tgs.dvc does; bring the data back by: dvc pull data/tgs"):
        read_dataset(Path("data/tgs"))
