"""JPEG and TIFF files as sections."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from saltseg.errors import DataError
from saltseg.inference.photos import image_from_photo
from tests.inference.sample import picture


def saved(path: Path, pixels: np.ndarray, mode: str | None = None, **how: object) -> Path:
    image = Image.fromarray(pixels)
    (image.convert(mode) if mode else image).save(path, **how)
    return path


@pytest.mark.parametrize("name", ["a.jpg", "a.tif"])
@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_grey_pictures(tmp_path: Path, name: str, mode: str) -> None:
    how = {"quality": 95} if name.endswith("jpg") else {"compression": "tiff_lzw"}
    grey = image_from_photo(saved(tmp_path / name, picture(80, 120), mode, **how))
    assert grey.dtype == np.uint8
    np.testing.assert_allclose(
        grey.astype(int), picture(80, 120), atol=6 if "quality" in how else 0
    )


def test_mistakes_are_one_line(tmp_path: Path) -> None:
    colour = np.random.default_rng(0).integers(0, 256, (20, 20, 3), np.uint8)
    deep = picture(20, 20).astype(np.float32)
    whole = io.BytesIO()
    Image.fromarray(picture(200, 200)).save(whole, "JPEG")
    (tmp_path / "cut.jpg").write_bytes(whole.getvalue()[:2000])
    (tmp_path / "text.tif").write_text("no picture")
    (tmp_path / "png.jpg").write_bytes(b"\x89PNG\r\n\x1a\n")
    pages = [Image.fromarray(picture(9, 9, seed)) for seed in (1, 2)]
    pages[0].save(tmp_path / "pages.tif", save_all=True, append_images=pages[1:])
    for path, expected in (
        (saved(tmp_path / "colour.jpg", colour), "a colour picture"),
        (saved(tmp_path / "deep.tif", deep), "1 page.* of mode F; .* amplitudes as .npy"),
        (saved(tmp_path / "long.tif", np.zeros((2, 40_000), np.uint8)), "2x40000 pixels"),
        (tmp_path / "pages.tif", "2 page"),
        (tmp_path / "cut.jpg", "no readable JPEG or TIFF"),
        (tmp_path / "text.tif", "no readable JPEG or TIFF"),
        (tmp_path / "png.jpg", "no readable JPEG or TIFF"),
    ):
        with pytest.raises(DataError, match=rf"{path.name}: .*{expected}") as caught:
            image_from_photo(path)
        assert "\n" not in str(caught.value)


def test_a_small_file_of_huge_size_is_not_decoded(tmp_path: Path) -> None:
    path = saved(tmp_path / "bomb.jpg", picture(16, 16))
    data = bytearray(path.read_bytes())
    sizes = data.index(b"\xff\xc0") + 5
    for height, width, expected in (
        (60_000, 60_000, "more pixels than a section has"),
        (40_000, 16, "40000x16 pixels; expected at most 32768"),
    ):
        data[sizes : sizes + 4] = height.to_bytes(2) + width.to_bytes(2)
        path.write_bytes(data)
        with pytest.raises(DataError, match=rf"bomb.jpg: {expected}"):
            image_from_photo(path)
