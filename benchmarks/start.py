"""What a fold takes besides its epochs, and what `dvc repro` takes where nothing is to be done.

    python -m benchmarks.start --backbone resnet50

In a small project of its own, with 40 tiles, as DVC runs it. The start of a fold is the time of its
stage less as many times its last epoch as it has epochs: what the first step prepares counts.
"""

import re
import tempfile
import time
from pathlib import Path
from typing import Annotated

import typer

from tests.pipeline.projects import Project, make_project


def timed(project: Project, *command: str) -> tuple[float, str]:
    """Seconds of a command, and what it printed."""
    began = time.perf_counter()
    printed = project.run(*command)
    return time.perf_counter() - began, printed


def main(
    backbone: Annotated[
        str, typer.Option(help="A row of src/saltseg/backbones.yaml.")
    ] = "resnet50",
    epochs: Annotated[int, typer.Option(min=2, help="Of the fold.")] = 3,
) -> None:
    """Print seconds."""
    with tempfile.TemporaryDirectory() as folder:
        project = make_project(Path(folder) / "project")
        project.set_params(backbone=backbone, train={"folds": [0], "epochs": epochs})
        project.run("dvc", "repro", "preprocess", "split", "weights")
        stage, printed = timed(project, "dvc", "repro", "--single-item", f"train@{backbone}-0")
        last = float(re.findall(r"(\d+) s$", printed, re.MULTILINE)[-1])
        print(f"{backbone}: {stage - epochs * last:.0f} s besides {epochs} epochs of {last:.0f} s")
        project.run("dvc", "repro")
        print(f"dvc repro with nothing to do: {timed(project, 'dvc', 'repro')[0]:.1f} s")


if __name__ == "__main__":
    typer.run(main)
