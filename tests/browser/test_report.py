"""The report's page, seen and used in a real browser."""

from pathlib import Path

import cv2
import numpy as np
import pytest
from playwright.sync_api import Browser, Page, expect

from saltseg.comparison.disputed_tile import DisputedTile
from saltseg.comparison.networks import compare
from saltseg.report.findings import Findings
from saltseg.report.page import Gallery, write_page
from saltseg.scoring.scores import count_pixels, tile_scores
from saltseg.tiles.masks import SALT
from tests.report.sample import LONG, contestant, disputed

TILES = disputed(2)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    target = tmp_path_factory.mktemp("report") / "report.html"
    pair = [contestant("resnet50", 0.05), contestant(LONG)]
    settings = [("backbone", ("resnet50", "vgg16"))]
    found = Findings(pair, [compare(*pair)], settings)
    write_page(target, found, Gallery(TILES, 0.5), "saltseg compare")
    return target


@pytest.fixture
def page(browser: Browser, path: Path) -> Page:
    opened = browser.new_page(viewport={"width": 1100, "height": 900})
    opened.set_default_timeout(60_000)
    opened.goto(path.as_uri())
    return opened


def captions(tile: DisputedTile, threshold: float) -> list[str]:
    """What stands below each prediction, worked out without the page."""
    salt = np.stack(tile.probabilities) / 255 > threshold
    scores = tile_scores(count_pixels(np.stack([tile.mask] * len(salt)), salt))
    return [f"IoU {row.iou:.3f}, map_iou {row.map_iou:.2f}" for row in scores.itertuples()]


def shown(page: Page) -> list[str]:
    return page.locator(".view figcaption span").all_inner_texts()


def expected(threshold: float) -> list[str]:
    texts = []
    for tile in TILES:
        texts += ["", "" if (tile.mask == SALT).any() else "no salt", *captions(tile, threshold)]
    return texts


def test_it_opens_without_errors_and_asks_nobody(browser: Browser, path: Path) -> None:
    page = browser.new_page()
    trouble: list[str] = []
    page.on("pageerror", lambda error: trouble.append(str(error)))
    page.on("console", lambda message: trouble.append(message.text))
    page.on(
        "request",
        lambda sent: None if sent.url.startswith(("file:", "data:")) else trouble.append(sent.url),
    )
    page.goto(path.as_uri())
    expect(page.locator("canvas")).to_have_count(4 * len(TILES))
    assert trouble == []


def test_slider_scores_and_draws_anew(page: Page, pictures: Path) -> None:
    assert shown(page) == expected(0.5)
    prediction = page.locator("canvas").nth(2)
    before = prediction.screenshot()
    slider = page.get_by_label("Threshold", exact=True)
    slider.fill("0.2")
    assert page.locator("output").inner_text() == "0.20"
    assert shown(page) == expected(0.2)
    assert prediction.screenshot() != before
    slider.press("ArrowRight")
    assert shown(page) == expected(0.21)
    for end in ("0", "1"):
        slider.fill(end)
        assert shown(page) == expected(float(end))
    page.screenshot(path=pictures / "report.png", full_page=True)


def test_probabilities_can_be_looked_at(page: Page) -> None:
    prediction = page.locator("canvas").nth(2)
    before = prediction.screenshot()
    page.get_by_label("probability").check()
    assert prediction.screenshot() != before
    page.get_by_label("image", exact=True).check()
    assert prediction.screenshot() == before


@pytest.mark.parametrize(("threshold", "kind"), [(0.02, 1), (0.75, -1)])
def test_errors_are_filled_in_the_colour_of_their_kind(
    page: Page, threshold: float, kind: int
) -> None:
    """Too low a threshold gives false alarms, filled blue; too high a one misses salt, orange."""
    tile = TILES[0]
    wrong = (tile.probabilities[0] / 255 > threshold).astype(int) - tile.mask == kind
    # Outlines lie along the edges.
    inner = cv2.erode(wrong.astype(np.uint8), np.ones((3, 3))) > 0
    assert inner.sum() > 10
    page.get_by_label("Threshold", exact=True).fill(str(threshold))
    red, _, blue = np.moveaxis(colours(page, len(wrong)), -1, 0)
    assert (np.sign(blue - red)[inner] == kind).all()
    page.get_by_label("errors filled").uncheck()
    red, _, blue = np.moveaxis(colours(page, len(wrong)), -1, 0)
    assert (blue == red)[inner].all()


def colours(page: Page, size: int) -> np.ndarray:
    """(H, W, 3) colours of the first prediction's canvas, from the middle of each pixel."""
    pixels = page.evaluate(
        """() => {
            const canvas = document.querySelectorAll("canvas")[2];
            const context = canvas.getContext("2d");
            return Array.from(context.getImageData(0, 0, canvas.width, canvas.height).data);
        }"""
    )
    side = int((len(pixels) / 4) ** 0.5)
    middle = np.arange(size) * side // size + side // size // 2
    return np.array(pixels).reshape(side, side, 4)[middle][:, middle, :3]


@pytest.mark.parametrize("width", [1280, 420])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_sticks_out(browser: Browser, path: Path, width: int, scheme: str) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    page.goto(path.as_uri())
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    colour = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (colour == "rgb(255, 255, 255)") == (scheme == "light")
    tables = page.locator("div.scroll").evaluate_all(
        "all => all.map(one => one.scrollWidth - one.clientWidth)"
    )
    assert tables
    assert max(tables) == 0
    # Charts are drawn dark on white, and turned round where the page is dark.
    chart = page.locator("figure.scroll").first
    corner = cv2.imdecode(np.frombuffer(chart.screenshot(), np.uint8), cv2.IMREAD_GRAYSCALE)[8, 8]
    assert (corner > 200) == (scheme == "light")
