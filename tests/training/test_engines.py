"""`train.engine`: the same network takes the same steps on every engine that is installed."""

import json
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, get_args

import numpy as np
import pytest

from saltseg.errors import EngineError
from saltseg.machine import Engine
from saltseg.params import Params
from saltseg.training.runtime import import_engine

INSTALLED = [engine for engine in get_args(Engine) if find_spec(engine)]
STEPS = """
import json, sys
from pathlib import Path
from saltseg.training.runtime import engine_facts, prepare_engine

engine, weights = sys.argv[1], Path(sys.argv[2])
prepare_engine(1, 2, engine)
import numpy as np
from saltseg.nets.metrics import training_metrics
from saltseg.nets.unet import build_unet
from saltseg.objectives import make_optimizer, make_phases
from saltseg.backbones import backbone_row
from saltseg.params import load_params

params = load_params()
# Each engine draws numbers of its own: no dropout, and the initial weights of the first one.
options = params.model.model_copy(update={"dropout": 0, "decoder_filters": [8] * 5})
model = build_unet(backbone_row("plain"), 32, 3, options)
if weights.exists():
    model.load_weights(weights)
else:
    model.save_weights(weights)
(phase,), optimizer = make_phases(params.train), make_optimizer(params.train, 3)
model.compile(optimizer, phase.loss, metrics=training_metrics(), jit_compile=engine == "jax")
draw = np.random.default_rng(0)
tiles = draw.integers(0, 256, (8, 32, 32, 3), np.uint8)
masks = (tiles[..., :1] > 150).astype(np.uint8)
losses = [float(model.train_on_batch(tiles, masks)[0]) for _ in range(3)]
found = model.predict_on_batch(tiles)
masks[:, :9] = 255
losses.append(float(make_phases(params.train, partly_labelled=True)[0].loss(masks, found)))
print(json.dumps({"losses": losses, "found": found.ravel()[::97].tolist(), **engine_facts(2)}))
"""


def steps(engine: str, weights: Path) -> dict[str, Any]:
    """Three steps in a process of its own, which has one engine only."""
    done = subprocess.run(
        (sys.executable, "-c", STEPS, engine, str(weights)),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    taken: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return taken


@pytest.mark.slow
@pytest.mark.skipif(len(INSTALLED) < 2, reason="one engine only is installed")
def test_engines_agree_on_three_steps_and_repeat_their_own(tmp_path: Path) -> None:
    weights = tmp_path / "start.weights.h5"
    steps("tensorflow", weights)
    expected = steps("tensorflow", weights)
    for engine in INSTALLED:
        taken = steps(engine, weights)
        assert taken["engine"] == engine
        assert taken == steps(engine, weights)
        np.testing.assert_allclose(taken["losses"], expected["losses"], rtol=1e-3)
        np.testing.assert_allclose(taken["found"], expected["found"], atol=5e-3)


@pytest.mark.parametrize("engine", get_args(Engine))
def test_an_engine_that_is_missing_is_one_line(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("saltseg.training.runtime.find_spec", lambda name: None)
    with pytest.raises(EngineError, match=f"train.engine: {engine} is not installed; `.venv/bin/"):
        import_engine(engine)


def test_the_default_is_the_one_that_comes_along(params: Params) -> None:
    assert params.train.engine == "tensorflow"
