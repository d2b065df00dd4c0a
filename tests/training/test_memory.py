"""A long training needs no more memory in its last epochs than in its first."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

# A process of its own: what other tests leave behind would hide the growth.
SCRIPT = """
import json, sys
from pathlib import Path

from saltseg.training.runtime import prepare_engine

prepare_engine(seed=1, threads=2)

import keras, numpy as np, psutil
from saltseg.params import load_params
from saltseg.training.fit import train_fold
from saltseg.training.fold_data import FoldData
from saltseg.training.states import States

class Memory(keras.callbacks.Callback):
    used = []

    def on_epoch_end(self, epoch, logs=None):
        self.used.append(psutil.Process().memory_info().rss)

params = load_params(Path(sys.argv[1]))
options = {"epochs": 30, "early_stopping": {"patience": 30}}
train = type(params.train).model_validate(params.train.model_dump() | options)
params = params.model_copy(update={"backbone": "plain", "train": train})
random = np.random.default_rng(0)
images = random.integers(0, 256, (40, 32, 32, 3), np.uint8)
kinds, parts = ["grey"] * 3, (np.arange(32), np.arange(32, 40), np.arange(0))
data = FoldData(images, images[..., :1] // 128, kinds, *parts, 0)
train_fold(data, params, "plain", States(Path(sys.argv[2])), watchers=[Memory()])
print(json.dumps(Memory.used))
"""


@pytest.mark.slow
def test_memory_is_flat_over_thirty_epochs(tmp_path: Path) -> None:
    params = Path(__file__).parents[2] / "params.yaml"
    done = subprocess.run(
        (sys.executable, "-c", SCRIPT, str(params), str(tmp_path)),
        capture_output=True,
        text=True,
        check=True,
    )
    used = json.loads(done.stdout.splitlines()[-1])
    print(used)
    assert len(used) == 30
    assert max(used[3:]) <= 1.02 * used[2]
