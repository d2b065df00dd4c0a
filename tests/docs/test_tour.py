"""The notebook runs on what a run leaves: its code, cell after cell, in a process of its own."""

import json

import pytest

from tests.pipeline.projects import Project

pytestmark = pytest.mark.slow


def test_the_tour_runs_from_its_folder(compared: Project) -> None:
    cells = json.loads((compared.root / "docs/tour.ipynb").read_text())["cells"]
    code = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    assert len(code) >= 5
    assert all(not cell.get("outputs") for cell in cells)
    script = compared.root / "docs/.tour.py"
    # The last value of a cell is shown: here it must be printable.
    script.write_text("\n".join(code) + "\nprint(model, section.shape, probability.max(), tiles)\n")
    printed = compared.run("python", "docs/.tour.py", MPLBACKEND="agg")
    script.unlink()
    assert "in map_iou" in printed
    assert "<SaltModel " in printed
    assert "(400, 800)" in printed
