"""Kill a training again and again, let it go on, and compare what it gives with one left alone.

`make torture` kills twenty times, each followed by a run to the end. Options choose another
backbone or side: `make torture ARGS="--backbone resnet50 --side 64 --kills 3"`.
"""

import argparse
import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO, get_args

import pandas as pd

from saltseg.machine import Precision
from tests.pipeline.projects import Project, make_project

SETTINGS = {
    "folds": [0],
    "epochs": 12,
    "batch_size": 8,
    "learning_rate": 0.002,
    "threads": 2,
    # The rate falls several times, so that a forgotten count shows.
    "schedule": "plateau",
    "plateau": {"factor": 0.7, "patience": 2, "min_learning_rate": 1e-06},
}


@dataclass
class Victim:
    """A project whose fold 0 is trained, killed, and trained on.

    Attributes:
        project: Prepared up to the training stage.
        expected: MD5 of each output of fold 0, of a training never killed.
        seconds: What that one took from the end of its first epoch to its own end.
        log: Where the trainings print to.
    """

    project: Project
    expected: dict[str, str]
    seconds: float
    log: Path

    @property
    def fold(self) -> Path:
        """Outputs of fold 0."""
        return outputs(self.project)

    def start(self) -> "subprocess.Popen[str]":
        """Start or go on training, in a session of its own."""
        return start(self.project, self.log.open("a"))

    def kill(self, after: float, epoch: int | None = None) -> str | None:
        """Start, wait for an epoch, kill some seconds later.

        Args:
            after: Seconds.
            epoch: The epoch to wait for; None = the first one it trains. All before it are saved.

        Returns:
            The last line it printed; None where it ended before it could be killed.
        """
        printed = self.log.stat().st_size
        training = self.start()
        wait_for_epoch(training, self.log, printed, epoch)
        time.sleep(after)
        if training.poll() is not None:
            return None
        os.killpg(training.pid, signal.SIGKILL)
        training.wait()
        return self.log.read_text()[printed:].strip().splitlines()[-1]

    def finish(self) -> dict[str, str]:
        """Train to the end; returns the MD5 of each output."""
        assert self.start().wait() == 0, self.log.read_text()
        return digests(self.fold)


def start(project: Project, log: IO[str]) -> "subprocess.Popen[str]":
    """The training stage as DVC starts it."""
    return subprocess.Popen(
        ("python", "-m", "stages.train", "--fold", "0"),
        cwd=project.root,
        env=project.environment() | {"PYTHONPATH": "src"},
        stdout=log,
        stderr=log,
        text=True,
        start_new_session=True,
    )


def wait_for_epoch(
    training: "subprocess.Popen[str]", log: Path, offset: int = 0, epoch: int | None = None
) -> None:
    """Wait until an epoch is finished: what comes before is mostly the compiler's time."""
    line = f": epoch {epoch}/" if epoch else ": epoch "
    while line not in (text := log.read_text()[offset:]):
        assert training.poll() is None, text
        time.sleep(0.02)


def outputs(project: Project) -> Path:
    [backbone] = {path.parent for path in project.root.glob("data/initial/*/source.txt")}
    return project.root / "models" / backbone.name / "fold-0"


def digests(folder: Path) -> dict[str, str]:
    """MD5 of each file in a folder."""
    return {path.name: hashlib.md5(path.read_bytes()).hexdigest() for path in folder.iterdir()}


def best_epoch(folder: Path) -> int:
    """The epoch whose weights are in a folder of outputs."""
    history = pd.read_csv(folder / "history.csv")
    return int(history["epoch"][history["val_map_iou"].idxmax()])


def victim(
    folder: Path, backbone: str = "plain", side: int = 32, precision: Precision = "float32"
) -> Victim:
    """Make a project and train its fold 0 once without disturbance."""
    project = make_project(folder / "project")
    train = SETTINGS | {"precision": precision}
    project.set_params(backbone=backbone, preprocess={"side": side}, train=train)
    project.run("dvc", "repro", "preprocess", "split", "weights")
    log = folder / "train.log"
    training = start(project, log.open("w"))
    wait_for_epoch(training, log)
    began = time.monotonic()
    assert training.wait() == 0, log.read_text()
    seconds = time.monotonic() - began
    return Victim(project, digests(outputs(project)), seconds, log)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kills", type=int, default=20)
    parser.add_argument("--backbone", default="plain")
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--precision", default="float32", choices=get_args(Precision))
    parser.add_argument("--seed", type=int, default=int(time.time()), help="of the moments")
    options = parser.parse_args()
    print(f"moments of seed {options.seed}", flush=True)
    moments = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as folder:
        torn = victim(Path(folder), options.backbone, options.side, options.precision)
        best, weights = best_epoch(torn.fold), torn.expected["best.weights.h5"]
        print(f"never killed: {torn.seconds:.1f} s, weights {weights} of epoch {best}", flush=True)
        equal = 0
        for number in range(1, options.kills + 1):
            last = None
            while last is None:  # the machine was faster than before
                last = torn.kill(after := moments.uniform(0, torn.seconds))
            same = torn.finish() == torn.expected
            equal += same
            verdict = "the same bytes" if same else "OTHER BYTES"
            print(f"{number:2} killed after {after:5.2f} s [{last}]: {verdict}", flush=True)
    print(f"{equal} of {options.kills} trainings gave the same bytes as one never killed")
    sys.exit(equal != options.kills)


if __name__ == "__main__":
    main()
