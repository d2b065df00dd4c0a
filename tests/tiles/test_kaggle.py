import os
import shutil
import struct
import tracemalloc
import warnings
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest
import yaml

from saltseg.errors import DataError
from saltseg.tiles import archive, rle
from saltseg.tiles.dataset import read_dataset
from saltseg.tiles.kaggle import read_kaggle

HEIGHT, WIDTH = 6, 5
IDS = ["0a1", "1b2", "2c3", "3d4"]
UNLABELLED = ["8e5", "9f6"]

Change = Callable[[Path], object]


def grey(index: int, shape: tuple[int, int] = (HEIGHT, WIDTH)) -> np.ndarray:
    return np.random.default_rng(index).integers(0, 256, shape, dtype=np.uint8)


def salt(index: int) -> np.ndarray:
    """Tile 0 holds no salt; the others more and more of it."""
    mask = np.zeros((HEIGHT, WIDTH), dtype=np.uint8)
    mask[HEIGHT - index :, 1:3] = 1
    return mask


def png(picture: np.ndarray) -> bytes:
    return cv2.imencode(".png", picture)[1].tobytes()


def as_rgb(picture: np.ndarray) -> np.ndarray:
    return np.repeat(picture[..., None], 3, axis=2)


def as_mask(mask: np.ndarray) -> np.ndarray:
    """As in the competition: 16-bit with salt, 8-bit without."""
    return mask.astype(np.uint16) * 65535 if mask.any() else mask


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def raw_png(height: int, width: int, pixels: bytes) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        [chunk(b"IHDR", header), chunk(b"IDAT", pixels), chunk(b"IEND", b"")]
    )


def write(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def zip_up(folder: Path, name: str) -> Path:
    """Replace `name/` by `name.zip`."""
    shutil.make_archive(str(folder / name), "zip", folder / name)
    shutil.rmtree(folder / name)
    return folder / f"{name}.zip"


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


@pytest.mark.parametrize(
    "layout",
    [unpacked, zipped, zipped_with_outer_folder, without_train_folder, with_clutter],
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


def break_png(name: str, change: Callable[[bytes], bytes]) -> Change:
    return lambda folder: write(folder, name, change((folder / name).read_bytes()))


def replace(name: str, data: bytes) -> Change:
    return lambda folder: write(folder, name, data)


def remove(*names: str) -> Change:
    def change(folder: Path) -> None:
        for name in names:
            (folder / name).unlink()

    return change


def remove_all(name: str) -> Change:
    return lambda folder: shutil.rmtree(folder / name)


def empty(name: str) -> Change:
    def change(folder: Path) -> None:
        for file in (folder / name).iterdir():
            file.unlink()

    return change


def append(name: str, line: bytes) -> Change:
    return lambda folder: write(folder, name, (folder / name).read_bytes() + b"\n" + line)


def copy_of(name: str, other: str) -> Change:
    return lambda folder: shutil.copy(folder / name, folder / other)


def flip_byte(data: bytes) -> bytes:
    return data[:50] + bytes([data[50] ^ 1]) + data[51:]


IMAGE, MASK, TEST = "train/images/1b2.png", "train/masks/1b2.png", "test/images/9f6.png"
COLOUR = np.dstack([grey(1), grey(1), grey(2)])
ERRORS: dict[str, tuple[Change, list[str]]] = {
    "no folder": (shutil.rmtree, ["tgs", "no such folder"]),
    "empty folder": (remove_all("train"), ["tgs: no tiles", "train.zip"]),
    "empty dataset": (empty("train/images"), ["tgs/train: no images", "images/ID.png"]),
    "no images": (remove_all("train/images"), ["tgs/train: no images"]),
    "no masks": (remove_all("train/masks"), ["tgs/train: no masks", "masks/ID.png"]),
    "no unlabelled": (empty("test/images"), ["tgs/test: no images"]),
    "image without mask": (remove(MASK), ["tgs/train: no mask for 1 tile (1b2)"]),
    "mask without image": (remove(IMAGE), ["tgs/train: no image for 1 tile (1b2)"]),
    "masks of one tile": (
        remove(*(f"train/masks/{id_}.png" for id_ in IDS[1:])),
        ["no mask for 3 tiles (1b2, 2c3, 3d4)"],
    ),
    "no picture": (replace(IMAGE, b"GIF89a" * 9), [IMAGE, "not a PNG"]),
    "empty file": (replace(MASK, b""), [MASK, "not a PNG"]),
    "half a PNG": (break_png(IMAGE, lambda data: data[: len(data) // 2]), [IMAGE, "truncated"]),
    "PNG without end": (break_png(IMAGE, lambda data: data[:-12]), [IMAGE, "truncated"]),
    "PNG less a byte": (break_png(MASK, lambda data: data[:-1]), [MASK, "truncated"]),
    "header only": (break_png(TEST, lambda data: data[:33]), [TEST, "truncated"]),
    "wrong bit": (break_png(MASK, flip_byte), [MASK, "damaged", "checksum"]),
    "too few rows": (
        replace(IMAGE, raw_png(HEIGHT, WIDTH, zlib.compress(bytes(2 * (WIDTH + 1))))),
        [IMAGE, "cannot be decoded"],
    ),
    "no deflate stream": (replace(MASK, raw_png(6, 5, b"garbage")), [MASK, "cannot be decoded"]),
    "absurd PNG": (replace(IMAGE, raw_png(100_000, 100_000, b"")), [IMAGE, "100000x100000"]),
    "PNG of no pixels": (replace(IMAGE, raw_png(0, 5, b"")), [IMAGE, "0x5"]),
    "colour": (replace(IMAGE, png(COLOUR)), [IMAGE, "colour", "grey"]),
    "colour mask": (replace(MASK, png(COLOUR)), [MASK, "colour", "grey"]),
    "transparency": (
        replace(IMAGE, png(np.dstack([as_rgb(grey(1)), grey(1)]))),
        [IMAGE, "transparency"],
    ),
    "16-bit image": (replace(IMAGE, png(grey(1).astype(np.uint16))), [IMAGE, "uint16", "8 bits"]),
    "other mask size": (replace(MASK, png(grey(1, (7, 5)))), [MASK, "7x5", "6x5"]),
    "other tile size": (replace(IMAGE, png(grey(1, (5, 6)))), [IMAGE, "is 5x6", "3 of 4 are 6x5"]),
    "first tile odd": (
        replace("train/images/0a1.png", png(grey(1, (8, 8)))),
        ["images/0a1.png", "is 8x8", "3 of 4 are 6x5"],
    ),
    "other unlabelled size": (
        lambda folder: [
            write(folder, f"test/images/{id_}.png", png(grey(1, (4, 4)))) for id_ in UNLABELLED
        ],
        ["tgs/test", "4x4", "6x5"],
    ),
    "odd unlabelled size": (replace(TEST, png(grey(1, (4, 4)))), [TEST, "is 4x4"]),
    "labelled and unlabelled": (copy_of(IMAGE, "test/images/1b2.png"), ["tgs", "1 tile (1b2)"]),
    "same id twice": (copy_of(IMAGE, "train/images/1b2.PNG"), ["images/", "1b2", "more than once"]),
    "RLE impossible": (
        lambda folder: write(folder, "train.csv", b"id,rle_mask\n0a1,\n2c3,1 2 3"),
        ["train.csv: tile 2c3: ", "odd count"],
    ),
    "RLE beyond tile": (
        replace("train.csv", b"id,rle_mask\n2c3,30 2"),
        ["train.csv: tile 2c3: ", "pixel 30"],
    ),
    "RLE disagrees": (
        replace("train.csv", b"id,rle_mask\n0a1,\n3d4,1 1"),
        ["train.csv: tile 3d4: ", "masks/3d4.png", "differ in 7 pixels"],
    ),
    "RLE of no tile": (append("train.csv", b"fff,1 1"), ["train.csv", "1 tile (fff)"]),
    "row twice": (append("train.csv", b"0a1,"), ["train.csv", "0a1", "more than once"]),
    "depth twice": (append("depths.csv", b"0a1,5"), ["depths.csv", "0a1", "more than once"]),
    "z no number": (replace("depths.csv", b"id,z\n0a1,deep"), ["depths.csv: tile 0a1", "'deep'"]),
    "z infinite": (replace("depths.csv", b"id,z\n0a1,inf"), ["depths.csv: tile 0a1", "'inf'"]),
    "no column z": (
        replace("depths.csv", b"id,depth\n0a1,1"),
        ["depths.csv", "id, depth", "id and z"],
    ),
    "no column rle_mask": (replace("train.csv", b"id\n0a1"), ["train.csv", "id and rle_mask"]),
    "empty CSV": (replace("train.csv", b""), ["train.csv", "not readable", "id and rle_mask"]),
    "CSV not text": (
        replace("depths.csv", b"id,z\n\xff\xfe,1"),
        ["depths.csv", "UTF-8", "id and z"],
    ),
    "CSV malformed": (
        replace("depths.csv", b"id,z\n0a1,1\n1b2,1,2,3"),
        ["depths.csv", "not readable", "line 3"],
    ),
}


@pytest.mark.parametrize(("change", "expected"), ERRORS.values(), ids=ERRORS)
def test_error_is_one_line_that_names_the_place(
    kaggle: Path, change: Change, expected: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    change(kaggle)
    assert_one_line(kaggle, expected)
    assert capfd.readouterr().err == ""


def assert_one_line(folder: Path, expected: list[str]) -> None:
    with pytest.raises(DataError) as caught:
        read_kaggle(folder)
    message = str(caught.value)
    assert [part for part in expected if part not in message] == [], message
    assert "\n" not in message


@pytest.mark.parametrize(
    "name",
    [
        "/images/x.png",
        "../images/x.png",
        "images/../../x.png",
        "..\\images\\x.png",
        "\\images\\x.png",
        "C:/images/x.png",
        "C:x.png",
        "\\\\host\\share\\x.png",
        "../.DS_Store",
    ],
)
def test_zip_member_outside_the_zip(kaggle: Path, name: str) -> None:
    path = zip_up(kaggle, "train")
    with zipfile.ZipFile(path, "a") as file:
        file.writestr(name, png(grey(1)))
    assert_one_line(kaggle, ["train.zip", repr(name), "outside the zip"])


def test_zip_member_that_is_a_link(kaggle: Path) -> None:
    info = zipfile.ZipInfo("images/x.png")
    info.external_attr = 0o120777 << 16
    with zipfile.ZipFile(zip_up(kaggle, "train"), "a") as file:
        file.writestr(info, "/etc/passwd")
    assert_one_line(kaggle, ["train.zip: member 'images/x.png' is a symbolic link"])


def test_zip_member_that_unpacks_to_more_than_it_says(kaggle: Path) -> None:
    """A stream of 65 MiB that says it holds 100 bytes: no more than that is ever unpacked."""
    path = kaggle / "train.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("masks/x.png", png(salt(1)))
        file.writestr("images/x.png", bytes(65 * 2**20))
    shutil.rmtree(kaggle / "train")
    content = bytearray(path.read_bytes())
    size = struct.pack("<I", 65 * 2**20)
    for _ in range(content.count(size)):
        at = content.index(size)
        content[at : at + 4] = struct.pack("<I", 100)
    path.write_bytes(content)
    tracemalloc.start()
    assert_one_line(kaggle, ["train.zip: images/x.png: damaged in the zip"])
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 2**23


@pytest.mark.parametrize("name", ["train.zip", "test.zip", "depths.csv", "train.csv"])
def test_pipe_in_place_of_a_file_is_not_waited_for(kaggle: Path, name: str) -> None:
    shutil.rmtree(kaggle / name.removesuffix(".zip"), ignore_errors=True)
    (kaggle / name).unlink(missing_ok=True)
    os.mkfifo(kaggle / name)
    assert_one_line(kaggle, [name, "a file"])


@pytest.mark.parametrize(
    "name", ["train", "train.zip", "test", "test.zip", "depths.csv", "train.csv"]
)
def test_broken_link_is_not_passed_over(kaggle: Path, name: str) -> None:
    """As if there were no depths, no tiles without masks, or the older of two downloads."""
    for path in (kaggle / name.removesuffix(".zip"), kaggle / name):
        shutil.rmtree(path, ignore_errors=True)
        path.unlink(missing_ok=True)
    (kaggle / name).symlink_to("nowhere")
    assert_one_line(kaggle, [name, "file"])


def test_png_of_chunks_without_end(kaggle: Path) -> None:
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)
    body = chunk(b"IHDR", header) + chunk(b"tEXt", b"") * 70_000
    write(kaggle, IMAGE, b"\x89PNG\r\n\x1a\n" + body)
    assert_one_line(kaggle, [IMAGE, "more than 65536 chunks"])


def test_zip_member_twice(kaggle: Path) -> None:
    path = zip_up(kaggle, "train")
    with zipfile.ZipFile(path, "a") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        file.writestr("images/1b2.png", png(grey(1)))
    assert_one_line(kaggle, ["train.zip", "images/", "1 tile (1b2)", "more than once"])


def test_zip_member_encrypted(kaggle: Path) -> None:
    path = zip_up(kaggle, "train")
    data = bytearray(path.read_bytes())
    # Bit 0 of the flags, at byte 8 of each entry of the central directory.
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    assert_one_line(kaggle, ["train.zip", "encrypted"])


def test_zip_member_damaged(kaggle: Path) -> None:
    path = zip_up(kaggle, "train")
    data = bytearray(path.read_bytes())
    start = data.index(b"images/1b2.png") + 20
    data[start : start + 20] = bytes(20)
    path.write_bytes(data)
    assert_one_line(kaggle, ["train.zip: images/1b2.png", "damaged"])


def test_zip_truncated(kaggle: Path) -> None:
    path = zip_up(kaggle, "train")
    path.write_bytes(path.read_bytes()[:-100])
    assert_one_line(kaggle, ["train.zip", "not a readable zip"])


def test_zip_without_masks(kaggle: Path) -> None:
    shutil.rmtree(kaggle / "train/masks")
    zip_up(kaggle, "train")
    assert_one_line(kaggle, ["train.zip: no masks"])


@pytest.mark.parametrize("zipped", [True, False])
def test_member_too_large(kaggle: Path, zipped: bool) -> None:
    size = archive.MAX_MEMBER_BYTES + 1
    with (kaggle / "train/images/1b2.png").open("wb") as file:
        os.truncate(file.fileno(), size)
    if zipped:
        zip_up(kaggle, "train")
    assert_one_line(kaggle, ["train", "images/1b2.png", "64 MiB", "at most"])


def test_tiles_of_a_line_are_none(kaggle: Path) -> None:
    for path in [*kaggle.rglob("*.png")]:
        path.write_bytes(cv2.imencode(".png", np.zeros((1, 7), np.uint8))[1].tobytes())
    assert_one_line(kaggle, ["1x7 pixels", "expected tiles of at least 3 a side"])


def test_survey_larger_than_memory(kaggle: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    memory = psutil.virtual_memory()._replace(available=4 * HEIGHT * WIDTH - 1)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: memory)
    assert_one_line(kaggle, ["4 tiles of 6x5", "memory"])


def test_dataset_may_be_a_recipe(tmp_path: Path) -> None:
    recipe = yaml.safe_load((Path(__file__).parents[2] / "data/synthetic.yaml").read_text())
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
