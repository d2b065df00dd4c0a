"""What the project is for, seen as its user sees it: two backbones' curves in `mlflow ui`."""

from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser

from tests.browser.mlflow_ui import compare, group_by, lines_of, mlflow_ui, open_printed, open_runs
from tests.pipeline.projects import Project

pytestmark = pytest.mark.slow


def test_two_backbones_in_one_chart(compared: Project, browser: Browser, pictures: Path) -> None:
    with mlflow_ui(compared.root) as address:
        page = open_runs(browser, address)
        page.get_by_role("link", name="residual16").first.wait_for()
        links = page.get_by_role("link").all_inner_texts()
        (other,) = [t for t in links if t.startswith("residual16 ")]
        page.screenshot(path=pictures / "runs.png")
        assert {text.split()[1] for text in group_by(page, "backbone")} >= {"plain", "residual16"}
        lines = compare(page, (other, "plain greedy"), "val_map_iou")
        page.screenshot(path=pictures / "val_map_iou.png")
        told = compared.run("saltseg", "compare", "residual16", "greedy", "--gallery", "0")
        direct = open_printed(browser, told, address)
        assert lines_of(direct) == lines
        direct.screenshot(path=pictures / "curves.png")
        runs = open_printed(browser, compared.run("saltseg", "track"), address)
        for name in ("plain greedy", "cv_map_iou_mean"):
            runs.get_by_text(name, exact=True).first.wait_for()
        assert not runs.get_by_text(" vs ").count()
        runs.screenshot(path=pictures / "view.png")
    assert set(lines) == {other, "plain greedy"}
    curves = pd.read_csv(compared.root / "metrics/curves.csv")
    assert lines["plain greedy"] == list(zip(curves["epoch"], curves["val_map_iou"], strict=True))
    assert [step for step, _ in lines[other]] == [1, 2]
