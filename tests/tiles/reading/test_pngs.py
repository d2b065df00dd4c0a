"""PNG files that are odd or made to do harm, straight from their chunks."""

import struct
import zlib
from collections.abc import Callable

import cv2
import numpy as np
import pytest

from saltseg.errors import DataError
from saltseg.tiles.reading.pngs import image_from_png, mask_from_png
from tests.hangs import limited

HEIGHT, WIDTH = 6, 5
GREY = np.arange(0, 240, 8, np.uint8).reshape(HEIGHT, WIDTH)
GREY_8, GREY_16, PALETTE, RGBA = (8, 0), (16, 0), (8, 3), (16, 6)
RGB_8, GREY_ALPHA_8, RGBA_8 = (8, 2), (8, 4), (8, 6)


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def rows(picture: np.ndarray) -> bytes:
    """Rows as they are packed, each after its filter, 0 = none."""
    big_endian = picture.astype(picture.dtype.newbyteorder(">"))
    return b"".join(b"\0" + row.tobytes() for row in big_endian)


def pixels(picture: np.ndarray) -> bytes:
    return chunk(b"IDAT", zlib.compress(rows(picture)))


def made(
    *chunks: bytes,
    size: tuple[int, int] = (HEIGHT, WIDTH),
    kind: tuple[int, int] = GREY_8,
    laced: bool = False,
) -> bytes:
    """A PNG of these chunks between IHDR and IEND; `kind` is bit depth and colour type."""
    header = struct.pack(">IIBBBBB", size[1], size[0], *kind, 0, 0, laced)
    ends = chunk(b"IHDR", header), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + ends[0] + b"".join(chunks) + ends[1]


def interlaced(picture: np.ndarray) -> bytes:
    """Seven passes, each a coarser picture of its own: left and top, then steps right and down."""
    passes = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2)]
    parts = [picture[top::down, left::right] for left, top, right, down in [*passes, (0, 1, 1, 2)]]
    return chunk(b"IDAT", zlib.compress(b"".join(rows(part) for part in parts if part.size)))


def packed_zeros(count: int) -> bytes:
    """A stream that unpacks to `count` zero bytes, a thousandth of that long."""
    stream, block = zlib.compressobj(9), bytes(2**20)
    first, *_, again = (stream.compress(block) + stream.flush(zlib.Z_FULL_FLUSH) for _ in range(3))
    return first + again * (count // len(block) - 1)


def refused(data: bytes, expected: str, read: Callable[[bytes, str], object]) -> None:
    with pytest.raises(DataError) as caught, limited(10):
        read(data, "x.png")
    message = str(caught.value)
    assert message.startswith("x.png: ")
    assert expected in message
    assert "\n" not in message


def test_bits_below_eight_become_grey_levels() -> None:
    expected = {1: [255, 0, 255, 0, 255], 2: [170, 170, 170, 170, 255], 4: [170, 170, 255, 0, 0]}
    packed = {1: b"\xa8", 2: b"\xaa\xc0", 4: b"\xaa\xf0\x00"}
    for depth, row in packed.items():
        body = chunk(b"IDAT", zlib.compress(b"\0" + row))
        grey = image_from_png(made(body, size=(1, WIDTH), kind=(depth, 0)), "x.png")
        assert grey.tolist() == [expected[depth]]


def test_interlaced_picture() -> None:
    data = made(interlaced(GREY), laced=True)
    np.testing.assert_array_equal(image_from_png(data, "x.png"), GREY)


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (9, 1), (4096, 1), (33, 17)])
def test_no_kind_of_picture_counts_as_too_much(size: tuple[int, int]) -> None:
    widest = np.full((*size, 4), 65535, np.uint16)
    for laced, body in enumerate((pixels(widest), interlaced(widest))):
        data = made(body, size=size, kind=RGBA, laced=bool(laced))
        refused(data, "uint16 grey levels", image_from_png)


def test_palette_of_greys_and_of_colours() -> None:
    index = (GREY // 8).astype(np.uint8)
    greys, colours = np.repeat(np.arange(30, dtype=np.uint8) * 8, 3), np.arange(90, dtype=np.uint8)
    data = made(chunk(b"PLTE", greys.tobytes()), pixels(index), kind=PALETTE)
    np.testing.assert_array_equal(image_from_png(data, "x.png"), GREY)
    data = made(chunk(b"PLTE", colours.tobytes()), pixels(index), kind=PALETTE)
    refused(data, "colour", image_from_png)
    opaque = chunk(b"tRNS", b"\xff" * 3)
    data = made(chunk(b"PLTE", greys.tobytes()), opaque, pixels(index), kind=PALETTE)
    np.testing.assert_array_equal(image_from_png(data, "x.png"), GREY)
    clear = chunk(b"tRNS", b"\xff\xff\xfe")
    data = made(chunk(b"PLTE", greys.tobytes()), clear, pixels(index), kind=PALETTE)
    refused(data, "transparency", image_from_png)
    refused(made(pixels(index), kind=PALETTE), "cannot be decoded", image_from_png)


@pytest.mark.parametrize(("kind", "channels"), [(GREY_ALPHA_8, 1), (RGBA_8, 3)])
def test_opaque_alpha_is_none_and_other_alpha_is_refused(
    kind: tuple[int, int], channels: int
) -> None:
    """What a picture editor, or `savefig`, writes by default."""
    grey = np.repeat(GREY[..., None], channels, axis=2)
    alpha = np.full((HEIGHT, WIDTH, 1), 255, np.uint8)
    image = image_from_png(made(pixels(np.dstack([grey, alpha])), kind=kind), "x.png")
    np.testing.assert_array_equal(image, GREY)
    alpha[2, 3] = 254
    refused(made(pixels(np.dstack([grey, alpha])), kind=kind), "transparency", image_from_png)


def test_transparent_colour_that_is_nowhere() -> None:
    """A tRNS chunk of a picture without alpha names one colour as transparent."""
    rgb = pixels(np.repeat(GREY[..., None], 3, axis=2))
    absent, there = (chunk(b"tRNS", struct.pack(">H", level) * 3) for level in (7, 8))
    image = image_from_png(made(absent, rgb, kind=RGB_8), "x.png")
    np.testing.assert_array_equal(image, GREY)
    refused(made(there, rgb, kind=RGB_8), "transparency", image_from_png)


def disc(side: int = 101) -> np.ndarray:
    """A mask with a disc on two fifths of it, 0 and 255."""
    y, x = np.mgrid[:side, :side] - side // 2
    return np.where(np.hypot(y, x) < 0.36 * side, 255, 0).astype(np.uint8)


def through_jpeg(mask: np.ndarray) -> np.ndarray:
    return cv2.imdecode(cv2.imencode(".jpg", mask)[1], cv2.IMREAD_GRAYSCALE)


def resized(mask: np.ndarray) -> np.ndarray:
    small = cv2.resize(mask, (24, 24), interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (101, 101), interpolation=cv2.INTER_CUBIC)


def read_mask(levels: np.ndarray) -> tuple[np.ndarray, bool]:
    return mask_from_png(cv2.imencode(".png", levels)[1].tobytes(), "x.png")


@pytest.mark.parametrize("level", [1, 3, 255, 65535])
def test_of_nothing_and_one_other_level_the_other_is_salt(level: int) -> None:
    kind = np.uint16 if level > 255 else np.uint8
    for mask in (disc() // 255, np.zeros((9, 9)), np.ones((9, 9))):
        read, soft = read_mask(mask.astype(kind) * kind(level))
        np.testing.assert_array_equal(read, mask)
        assert not soft


@pytest.mark.parametrize("change", [through_jpeg, resized])
@pytest.mark.parametrize("brightest", [255, 120])
def test_grey_edges_of_a_mask_are_cut_at_half(
    change: Callable[[np.ndarray], np.ndarray], brightest: int
) -> None:
    mask = disc()
    levels = np.ceil(change(mask).astype(float) * brightest / 255).astype(np.uint8)
    assert (levels > 0).mean() > mask.astype(bool).mean() + 0.02
    read, soft = read_mask(levels)
    assert soft
    assert read.mean() == pytest.approx(mask.astype(bool).mean(), abs=0.005)


def test_levels_that_do_not_begin_at_nothing() -> None:
    """Once 100 % salt; now of a number of classes it is not known which one is salt."""
    data = cv2.imencode(".png", disc() // 255 + np.uint8(1))[1].tobytes()
    refused(data, "2 grey levels from 1 to 2", mask_from_png)


def test_picture_in_place_of_a_mask() -> None:
    noise = np.random.default_rng(0).normal(128, 30, (101, 101)).clip(0, 255).astype(np.uint8)
    data = cv2.imencode(".png", noise)[1].tobytes()
    refused(data, "expected a mask, 0 and one other level, so replace this picture", mask_from_png)


@pytest.mark.parametrize(
    "extra",
    [
        chunk(b"zTXt", b"key\0\0" + packed_zeros(2**28)),
        chunk(b"iTXt", b"key\0\1\0\0\0" + packed_zeros(2**28)),
        chunk(b"iCCP", b"key\0\0" + packed_zeros(2**28)),
        chunk(b"tEXt", b"key\0" + bytes(2**24)),
        chunk(b"tEXt", b"key\0value") * 60_000,
        chunk(b"acTL", struct.pack(">II", 2**31 - 1, 0))
        + chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, 60_000, 60_000, 0, 0, 1, 1, 0, 0)),
        chunk(b"eXIf", b"MM\0*\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0\x06\0\0\0\0\0\0"),
        chunk(b"gAMA", struct.pack(">I", 300_000)),
        chunk(b"IDAT", b"") * 60_000,
    ],
    ids=[
        "text bomb",
        "international text bomb",
        "colour profile bomb",
        "long text",
        "much text",
        "frames of 60,000 pixels",
        "turned",
        "gamma",
        "empty data chunks",
    ],
)
def test_what_holds_no_pixel_is_passed_over(extra: bytes) -> None:
    with limited(2):
        image = image_from_png(made(extra, pixels(GREY)), "x.png")
    np.testing.assert_array_equal(image, GREY)


def test_no_decoder_sees_more_than_the_pixels(monkeypatch: pytest.MonkeyPatch) -> None:
    seen, real = [], cv2.imdecode

    def decode(data: np.ndarray, how: int) -> np.ndarray | None:
        seen.append(data.tobytes())
        return real(data, how)

    monkeypatch.setattr(cv2, "imdecode", decode)
    image_from_png(made(chunk(b"zTXt", b"key\0\0" + packed_zeros(2**28)), pixels(GREY)), "x.png")
    assert seen == [made(pixels(GREY))]


@pytest.mark.parametrize("read", [image_from_png, mask_from_png])
def test_pixels_that_go_on_and_on(read: Callable[[bytes, str], object]) -> None:
    data = made(chunk(b"IDAT", packed_zeros(8 * 2**30)))
    refused(data, "the PNG holds more than its 6x5 pixels; replace this file", read)


def test_surplus_of_a_few_times_the_picture_is_too_much() -> None:
    data = made(chunk(b"IDAT", zlib.compress(8 * rows(GREY))))
    with pytest.raises(DataError, match="holds more than its 6x5 pixels"):
        image_from_png(data, "x.png")


def test_sides_alone_are_not_enough() -> None:
    data = made(size=(2**14, 2**15))
    with pytest.raises(DataError, match="expected at most 268435456 in all"):
        image_from_png(data, "x.png", most=2**15)


def test_some_bytes_after_the_last_pixel_are_no_harm() -> None:
    body = zlib.compress(rows(GREY) + bytes(9)) + b"end"
    image = image_from_png(made(chunk(b"IDAT", body)), "x.png")
    np.testing.assert_array_equal(image, GREY)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (made(), "cannot be decoded"),
        (made(chunk(b"IDAT", b"")), "cannot be decoded"),
        (made(chunk(b"IDAT", zlib.compress(b""))), "cannot be decoded"),
        (made(chunk(b"IHDR", bytes(13)), pixels(GREY)), "cannot be decoded"),
        (made(chunk(b"NEWC", b"must be known"), pixels(GREY)), "cannot be decoded"),
        (made(pixels(GREY), kind=(7, 0)), "cannot be decoded"),
        (made(pixels(GREY), kind=(8, 9)), "cannot be decoded"),
        (made(pixels(GREY), size=(6, 4097)), "6x4097 pixels; expected 1 to 4096 a side"),
        (made(pixels(GREY), size=(2**32 - 1, 5)), "4294967295x5 pixels"),
        (made(chunk(b"tEXt", b"") * 70_000), "more than 65536 chunks"),
        (made(pixels(GREY))[:-12] + b"\xff\xff\xff\xffIEND", "truncated"),
    ],
    ids=[
        "no data",
        "empty data",
        "no row",
        "two headers",
        "unknown chunk that must be known",
        "7 bits",
        "no such colour type",
        "too wide",
        "negative height",
        "chunks without end",
        "chunk longer than the file",
    ],
)
def test_refused(data: bytes, expected: str) -> None:
    refused(data, expected, image_from_png)


def test_largest_tile() -> None:
    picture = np.full((4096, 4096), 65535, np.uint16)
    with limited(10):
        mask, _ = mask_from_png(made(pixels(picture), size=picture.shape, kind=GREY_16), "x.png")
    assert mask.shape == (4096, 4096)
    assert mask.all()
