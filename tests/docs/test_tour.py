"""The notebook runs on what a run leaves: its code, cell after cell, in a process of its own."""

import json
import shutil

import pytest

from tests.pipeline.projects import ROOT, Project

pytestmark = pytest.mark.slow


def test_the_tour_runs_from_its_folder(compared: Project) -> None:
    cells = json.loads((ROOT / "docs/tour.ipynb").read_text())["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(code) >= 5
    assert all(not cell.get("outputs") for cell in cells)
    docs = compared.root / "docs"  # not among what projects of tests are made of
    shutil.copytree(ROOT / "docs/examples", docs / "examples")
    # The last value of a cell is shown: here it must be printable.
    shown = "print(model, section.shape, probability.max(), tiles)"
    (docs / "tour.py").write_text("\n".join([*code, shown]))
    printed = compared.run("python", "docs/tour.py", MPLBACKEND="agg")
    shutil.rmtree(docs)
    assert "in map_iou" in printed
    assert "<SaltModel " in printed
    assert "(400, 800)" in printed
