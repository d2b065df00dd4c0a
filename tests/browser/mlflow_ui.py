"""MLflow's own pages: start the server on a project's store, compare two runs by clicking.

`python -m tests.browser.mlflow_ui FOLDER NAME NAME PICTURE` makes the README's picture.
"""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

WAIT = 120_000


@contextmanager
def mlflow_ui(folder: Path) -> Iterator[str]:
    """Run plain `mlflow ui` in a folder, on a free port of this machine; gives its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [Path(sys.executable).parent / "mlflow", "ui", "--port", str(port), "--workers", "1"]
    kept = {key: value for key, value in os.environ.items() if not key.startswith("MLFLOW_")}
    log = folder / ".saltseg/mlflow-ui.log"  # where git looks away
    with log.open("w") as out:
        server = subprocess.Popen(
            command, cwd=folder, env=kept, stdout=out, stderr=out, start_new_session=True
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/health", server, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            # Its workers are in its process group.
            os.killpg(server.pid, 15)
            server.wait(timeout=60)


def _wait_for(address: str, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(120):
        try:
            urllib.request.urlopen(address, timeout=5)
        except (urllib.error.URLError, OSError):
            assert server.poll() is None, log.read_text()
            time.sleep(1)
        else:
            return
    raise AssertionError(log.read_text())


def open_runs(browser: Browser, address: str) -> Page:
    """The runs of the experiment, as a user first sees them."""
    page = browser.new_page(viewport={"width": 1400, "height": 760})
    page.set_default_timeout(WAIT)
    page.goto(address)
    page.get_by_role("link", name="saltseg", exact=True).first.wait_for()
    page.goto(f"{address}/#/experiments/1/runs")
    page.locator('[data-component-id="mlflow.assistant.chat_panel.close"]').click()
    return page


def group_by(page: Page, tag: str) -> list[str]:
    """Group the runs by a tag; returns the groups' titles."""
    _toggle_group(page, tag)
    page.get_by_text("Group: ").first.wait_for()
    titles = page.get_by_text("Group: ").all_inner_texts()
    _toggle_group(page, tag)
    page.get_by_text("Group: ").first.wait_for(state="detached")
    return titles


def _toggle_group(page: Page, tag: str) -> None:
    page.get_by_role("button", name="Group by").click()
    page.get_by_role("menuitemcheckbox", name=tag, exact=True).first.click()
    page.keyboard.press("Escape")


def compare(page: Page, names: tuple[str, ...], metric: str) -> dict[str, Any]:
    """Select runs, open their comparison, and a metric's chart; returns its lines by name."""
    for name in names:
        link = page.get_by_role("link", name=name, exact=True)
        page.get_by_role("row").filter(has=link).locator("input[type=checkbox]").first.check()
    page.get_by_role("button", name="Compare").click()
    charts = page.get_by_title("Plot chart")
    charts.first.wait_for()
    # The list shows more as one scrolls.
    for _ in range(50):
        if metric in charts.all_inner_texts():
            break
        charts.last.scroll_into_view_if_needed()
        page.wait_for_timeout(200)
    charts.nth(charts.all_inner_texts().index(metric)).click()
    return lines_of(page)


def lines_of(page: Page) -> dict[str, Any]:
    """The lines of the first chart of a page, by name of the run."""
    page.locator(".js-plotly-plot .scatterlayer").first.wait_for()
    page.wait_for_timeout(2000)
    lines = page.locator(".js-plotly-plot").first.evaluate(
        "plot => plot.data.map(line => [line.name, [...line.x], [...line.y]])"
    )
    return {name.split(" (")[0]: list(zip(x, y, strict=True)) for name, x, y in lines if x}


def open_printed(browser: Browser, printed: str, address: str) -> Page:
    """The page whose address a command has ended with, in a browser that was never there before.

    Args:
        browser: The browser; its page has a profile of its own.
        printed: What the command printed.
        address: Of the server; the command speaks of MLflow's usual port.
    """
    page = browser.new_page(viewport={"width": 1400, "height": 760})
    page.set_default_timeout(WAIT)
    page.goto(printed.strip().rsplit(" ", 1)[1].replace("http://127.0.0.1:5000", address))
    return page


def main(folder: str, first: str, second: str, picture: str) -> None:
    """Take the picture of two runs compared."""
    with mlflow_ui(Path(folder)) as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        page = open_runs(browser, address)
        compare(page, (first, second), "val_map_iou")
        page.screenshot(path=picture)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
