"""Draw docs/images/report.png and disagree.png: top and end of the page that `make demo` leaves.

    python docs/make_report_pictures.py report.html

Needs /usr/bin/chromium, as the picture of MLflow does (tests/browser/mlflow_ui.py).
"""

import sys
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

IMAGES = Path(__file__).parent / "images"
WIDTH = 1000
HEIGHTS = {"report.png": 1150, "disagree.png": 992}


def main(report: Path) -> None:
    """Take both pictures."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox"]
        )
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHTS["report.png"]})
        page.goto(report.resolve().as_uri())
        take = {"report.png": "0", "disagree.png": "document.body.scrollHeight"}
        for name, place in take.items():
            page.set_viewport_size({"width": WIDTH, "height": HEIGHTS[name]})
            page.evaluate(f"window.scrollTo(0, {place})")
            page.wait_for_timeout(1000)
            page.screenshot(path=IMAGES / name)
            Image.open(IMAGES / name).convert("RGB").save(IMAGES / name, optimize=True)
            print(IMAGES / name)
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
