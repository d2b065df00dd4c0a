"""What needs no network is refused before Keras, which takes seconds to import, is asked for."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.inference.sample import model_of, picture, png, write_zip

CODE = """
import json, sys
from typer.testing import CliRunner
from saltseg.cli import app
for name, arguments in json.loads(sys.argv[1]).items():
    done = CliRunner().invoke(app, arguments)
    engine = sorted({"keras", "tensorflow", "jax", "torch"} & set(sys.modules))
    print(json.dumps([name, done.exit_code, done.stderr, engine]))
"""


def write_unread_models(folder: Path, **native: object) -> None:
    """A model whose weights nobody reads."""
    (folder / "fold-0").mkdir(parents=True)
    blueprint = model_of(**native).blueprint.model_dump_json()
    (folder / "fold-0/blueprint.json").write_text(blueprint)
    (folder / "fold-0/best.weights.h5").write_text("no weights")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Any]]:
    """Exit code, stderr and imported engines of each mistake, all made in one process."""
    root = tmp_path_factory.mktemp("place")
    write_unread_models(root / "models")
    write_unread_models(root / "deep", depths=(0, 10))
    write_unread_models(root / "lost")
    (root / "lost/fold-0/best.weights.h5").unlink()
    write_zip(root / "test.zip", {"a": picture()})
    (root / "mine").mkdir()
    (root / "mine/a.png").write_bytes(png(picture()))
    (root / "sample.csv").write_text("id,rle_mask\nb,\n")
    np.save(root / "either.npy", np.abs(picture(40, 50).astype(float)) + 5000)
    asked = {name: arguments for name, (arguments, _) in REFUSED.items()}
    done = subprocess.run(
        [sys.executable, "-c", CODE, json.dumps(asked)],
        cwd=root,
        capture_output=True,
        text=True,
        check=True,
    )
    rows = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("[")]
    return {name: rest for name, *rest in rows}


PREDICT = ["predict", "test.zip", "--models", "models", "--out"]
REFUSED = {
    "another folder": ([*PREDICT, "mine"], "mine: holds other files"),
    "options are understood": (
        [*PREDICT, "mine", "--null", "-999.25", "--null", "nan", "--grey", "--stretch", "trace"],
        "mine: holds other files",
    ),
    "threshold": ([*PREDICT, "x", "--threshold", "7"], "--threshold"),
    "stretch": ([*PREDICT, "x", "--stretch", "tile"], "--stretch"),
    "null": ([*PREDICT, "x", "--null", "deep"], "--null deep: no number"),
    "field": ([*PREDICT, "x", "--iline", "238"], "--iline"),
    "no input": (["predict", "none.zip", "--models", "models", "--out", "x"], "none.zip: no such"),
    "names": (
        ["predict", "test.zip", "test.zip", "--models", "models", "--out", "x"],
        "more than once",
    ),
    "either": (["predict", "either.npy", "--models", "models", "--out", "x"], "--grey"),
    "axes": (
        ["predict", "either.npy", "--models", "models", "--axes", "zz", "--out", "x"],
        "--axes",
    ),
    "no depths": (["predict", "test.zip", "--models", "deep", "--out", "y"], "no seismic depth"),
    "no models": (["predict", "test.zip", "--models", "mine", "--out", "x"], "no trained model"),
    "no weights": (["predict", "test.zip", "--models", "lost", "--out", "x"], "no such file"),
    "no project": (["predict", "test.zip", "--out", "x"], "no project here or above"),
    "submit a folder": (
        ["submit", "test.zip", "--models", "models", "--out", "mine"],
        "a folder; name",
    ),
    "submit another tile": (
        ["submit", "test.zip", "--models", "models", "--sample", "sample.csv", "--out", "s.csv"],
        "no image for 1 tile (b)",
    ),
}


@pytest.mark.parametrize("mistake", REFUSED)
def test_refused_before_keras(told: dict[str, list[Any]], mistake: str) -> None:
    code, said, engine = told[mistake]
    assert code != 0
    assert REFUSED[mistake][1] in said
    assert engine == []
