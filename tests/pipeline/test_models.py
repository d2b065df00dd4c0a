"""What was trained, used: from the command line, over HTTP, and by every name of a run."""

import json
import os
import re
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from saltseg.cli import app
from saltseg.nets.blueprint import Blueprint
from saltseg.tiles.inputs.fitting import fit_back
from saltseg.tiles.inputs.native import Native
from saltseg.tiles.reading.rle import encode
from tests.inference.sample import write_zip
from tests.pipeline.projects import Project

pytestmark = pytest.mark.slow


def saltseg(project: Project, *arguments: str, ok: bool = True) -> str:
    return project.run("saltseg", *arguments, ok=ok)


@pytest.fixture(scope="module")
def images(project: Project) -> np.ndarray:
    return np.load(project.root / "data/survey/images.npy")


@pytest.fixture(scope="module")
def tiles(project: Project, images: np.ndarray) -> Path:
    named = {f"{n:03}": image for n, image in enumerate(images)}
    return write_zip(project.root / "tiles.zip", named)


@pytest.fixture(scope="module")
def as_trained(engine: None, project: Project) -> np.ndarray:
    """Mean over folds of what training predicts of all tiles, from the arrays it was fed with."""
    from saltseg.training.batches import TileBatches

    arrays = [np.load(project.root / f"data/processed/{name}.npy") for name in ("images", "masks")]
    native = Native.read(project.root / "data/processed/native.json")
    batches = TileBatches(*arrays, np.arange(len(arrays[0])), batch_size=8)
    found = []
    for fold in (0, 1):
        folder = project.root / f"models/plain/fold-{fold}"
        blueprint = Blueprint.read(folder / "blueprint.json")
        network = blueprint.build()
        network.load_weights(folder / "best.weights.h5")
        predicted = network.predict(batches, verbose=0)[..., 0]
        size = native.height, native.width
        found.append([fit_back(tile, *size, blueprint.preprocess) for tile in predicted])
    return np.mean(np.array(found), axis=0)


def test_stopped_by_ctrl_c_it_goes_on_and_predicts_as_training_did(
    project: Project, tiles: Path, as_trained: np.ndarray
) -> None:
    out = project.root / "masks"
    wanted = ("--probabilities", "--uncertainty")
    asked = ("predict", tiles.name, "--out", "masks", *wanted, "--batch-size", "1")
    running = subprocess.Popen(
        ["saltseg", *asked],
        cwd=project.root,
        env=project.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 100
    while not list(out.glob("masks/*.png")):
        assert time.monotonic() < deadline
        time.sleep(0.01)
    running.send_signal(signal.SIGINT)
    _, error = running.communicate(timeout=60)
    if running.returncode:  # else it was faster
        assert running.returncode == 130
        assert error.strip() == "saltseg predict: interrupted"
    said = saltseg(project, *asked)
    assert said.startswith(
        "plain, trained on data/synthetic.yaml: 40 tiles\nAll of them are synthetic: "
    )
    before = re.search(r"(\d+) of 40 were there already", said)
    assert before
    assert int(before[1]) > 0
    table = pd.read_csv(out / "coverage.csv", dtype={"id": str})
    for id_, expected in zip(table["id"], as_trained, strict=True):
        picture = cv2.imread(str(out / f"probabilities/{id_}.png"), cv2.IMREAD_UNCHANGED)
        np.testing.assert_allclose(picture / 65535, expected, atol=2e-5)
        apart = cv2.imread(str(out / f"uncertainty/{id_}.png"), cv2.IMREAD_UNCHANGED)
        assert apart.shape == expected.shape
        assert apart.any()


def test_uncertainty_of_a_run_without_holdout_is_one_line(project: Project) -> None:
    (line,) = saltseg(project, "uncertainty", ok=False).strip().splitlines()
    assert line.startswith("saltseg uncertainty: plain: it has no hold-out")


def test_out_of_fold_predictions_are_those_of_one_fold(
    engine: None, project: Project, images: np.ndarray, tmp_path: Path
) -> None:
    import shutil

    from saltseg.inference.files import load_models

    shutil.copytree(project.root / "models/plain/fold-1", tmp_path / "fold-1")
    folds = pd.read_csv(project.root / "data/folds.csv")["fold"].to_numpy()
    found = load_models(tmp_path).predict(images[folds == 1])
    kept = np.load(project.root / "models/plain/fold-1/oof.npy")
    np.testing.assert_allclose(found, kept.astype(np.float32), atol=5e-4)  # of float16


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextmanager
def served(project: Project, uri: str) -> Iterator[str]:
    """`mlflow models serve` on loopback; yields its address."""
    port = free_port()
    command = ["mlflow", "models", "serve", "--env-manager", "local", "-m", uri, "-p", str(port)]
    env = project.environment() | {"MLFLOW_TRACKING_URI": f"sqlite:///{project.root}/mlflow.db"}
    log = project.root / "serve.log"
    with log.open("w") as out:
        server = subprocess.Popen(
            command, cwd=project.root, env=env, stdout=out, stderr=out, start_new_session=True
        )
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 200
        while True:
            assert server.poll() is None, log.read_text()
            try:
                urllib.request.urlopen(f"{address}/ping", timeout=5).close()
                break
            except OSError:
                assert time.monotonic() < deadline, log.read_text()
                time.sleep(0.5)
        yield address
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)


def asked(address: str, body: dict[str, Any]) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{address}/invocations",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=100) as answer:
        found: dict[str, Any] = json.load(answer)["predictions"]
    return found


def test_served_masks_are_those_of_training(
    project: Project, images: np.ndarray, as_trained: np.ndarray
) -> None:
    said = saltseg(project, "register")
    champion, serve = said.splitlines()  # and nothing of what TensorFlow tells when it starts
    assert champion == "models:/saltseg/1 is the champion: there was none"
    assert serve == "serve it: mlflow models serve --env-manager local -m models:/saltseg/1"
    with served(project, "models:/saltseg@champion") as address:
        found = asked(address, {"instances": images[:3].tolist()})
    np.testing.assert_allclose(found["probability"], as_trained[:3], atol=1e-5)
    np.testing.assert_array_equal(found["mask"], np.array(found["probability"]) > 0.5)


def test_submission_passes_the_competitions_checks(
    project: Project, tiles: Path, as_trained: np.ndarray
) -> None:
    ids = [f"{n:03}" for n in reversed(range(40))]
    rows = "".join(f"{id_},1 1\n" for id_ in ids)
    (project.root / "sample_submission.csv").write_text(f"id,rle_mask\n{rows}")
    threshold = float(np.median(as_trained))
    saltseg(project, "submit", tiles.name, "--out", "sub.csv", "--threshold", str(threshold))
    written = pd.read_csv(project.root / "sub.csv", dtype=str, keep_default_na=False)
    assert written["id"].tolist() == ids
    truth = [encode((tile > threshold).astype(np.uint8)) for tile in reversed(as_trained)]
    pd.DataFrame({"id": ids, "rle_mask": truth}).to_csv(project.root / "truth.csv", index=False)
    score = saltseg(project, "score", "sub.csv", "truth.csv")
    found = re.match(r"map_iou ([\d.]+), iou ([\d.]+), dice [\d.]+, 40 tiles", score)
    assert found
    assert min(float(number) for number in found.groups()) > 0.99


def test_exported_it_works_anywhere(
    project: Project,
    tiles: Path,
    as_trained: np.ndarray,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    saltseg(project, "export", "--out", "taken", "--onnx", "taken.onnx")
    for name in ("taken", "taken.onnx"):
        (project.root / name).rename(tmp_path / name)
        asked = ["predict", str(tiles), "--models", name, "--out", "out", "--probabilities"]
        if name == "taken":
            said = saltseg(Project(tmp_path), *asked)
        else:  # needs no Keras, so it may run where Keras has been set up already
            monkeypatch.chdir(tmp_path)
            done = CliRunner().invoke(app, [*asked, "--overwrite"])
            assert done.exit_code == 0, done.stderr
            said = done.stdout
        assert "plain, threshold 0.5: salt in " in said
        for number in (0, 39):
            path = tmp_path / f"out/probabilities/{number:03}.png"
            found = cv2.imread(str(path), cv2.IMREAD_UNCHANGED) / 65535
            np.testing.assert_allclose(found, as_trained[number], atol=1e-4)


MISTAKES = {
    "unknown run": (["predict", "tiles.zip", "--run", "nosuch", "--out", "x"], "no run 'nosuch'"),
    "no run": (["predict", "tiles.zip", "--run", "", "--out", "x"], "no run ''"),
    "a folder is no run": (["predict", "tiles.zip", "--run", "data", "--out", "x"], "'data'"),
    "no models": (["predict", "tiles.zip", "--models", "data", "--out", "x"], "data: no trained"),
    "no input": (["predict", "none.zip", "--out", "x"], "none.zip: no such file or folder"),
    "out is a file": (["predict", "tiles.zip", "--out", "dvc.yaml"], "a file where a folder"),
    "nothing to export": (["export"], "nothing to write; name a folder with --out"),
    "exists": (["export", "--out", "data"], "data: exists; name a new folder"),
    "not onnx": (["export", "--onnx", "model.pb"], "model.pb: exists, or does not end in .onnx"),
    "no answers": (["score", "params.yaml", "none.csv"], "params.yaml: not readable"),
    "nothing registered": (["register", "nosuch"], "no run 'nosuch'"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_one_line(
    project: Project, tiles: Path, mistake: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments, expected = MISTAKES[mistake]
    monkeypatch.chdir(project.root)
    before = sorted(project.root.iterdir())
    # In this process, which has imported already what takes seconds.
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == 1
    assert done.stderr.startswith(f"saltseg {arguments[0]}: ")
    assert expected in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert sorted(project.root.iterdir()) == before
