"""A training step beside that of segmentation_models.pytorch, what many would take in our place.

    python -m benchmarks.peer --backbone resnet50 --side 128 --precision mixed_bfloat16

The same encoder, each with its own decoder, on the same number of random tiles: ours in the
precisions asked for, theirs in the same and in both memory layouts. Each is a process of its own;
they take turns, some steps each, so that whatever else the machine does meets all alike. The peer
is installed into build/peer, an environment of its own.
"""

import json
import statistics
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Annotated, Any

import joblib
import numpy as np
import typer
from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from saltseg.machine import INSTRUCTIONS, cpu_instructions, cpu_model

ROOT = Path(__file__).parents[1]
HOME = ROOT / "build/peer"
ENCODERS = {"vgg16": "vgg16_bn"}
"""What the peer calls an encoder, where not the same: this one has batch normalisation, too."""

_Backbone = Annotated[str, typer.Option(help="A row of src/saltseg/backbones.yaml.")]
_Side = Annotated[int, typer.Option(help="Of the tiles, a multiple of 32.")]
_Batch = Annotated[int, typer.Option(min=1, help="Tiles in a batch.")]


class Side:
    """One of those compared: a process that takes steps when it is asked to."""

    def __init__(self, name: str, process: "subprocess.Popen[str]") -> None:
        """Wait until it is ready."""
        self.name, self._process = name, process
        self.ready: dict[str, Any] = self._answer()
        self.turns: list[float] = []

    def take_turn(self, steps: int) -> None:
        """Take some steps; the first one, which warms the caches, does not count."""
        assert self._process.stdin
        print(steps + 1, file=self._process.stdin, flush=True)
        self.turns.append(statistics.median(self._answer()[1:]))

    def _answer(self) -> Any:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"{self.name}: its process has failed")
        return json.loads(line)


@contextmanager
def started(name: str, command: Sequence[object]) -> Iterator[Side]:
    """A process that is ready, ended with the context."""
    pipe = subprocess.PIPE
    words = [*map(str, command)]
    with subprocess.Popen(words, stdin=pipe, stdout=pipe, text=True, cwd=ROOT) as process:
        try:
            yield Side(name, process)
        finally:
            process.terminate()


def peer_python(torch: str) -> Path:
    """The Python of the peer's environment, made where it is missing."""
    python = HOME / "bin/python"
    ready = HOME / ".ready"
    if not ready.exists() or ready.read_text() != torch:
        print(f"installing {torch} and segmentation-models-pytorch into {HOME} ...", flush=True)
        venv.create(HOME, clear=True, with_pip=True)
        install = (python, "-m", "pip", "install", "--quiet", torch, "segmentation-models-pytorch")
        subprocess.run([*map(str, install)], check=True)
        ready.write_text(torch)
    return python


def main(
    backbone: _Backbone = "resnet50",
    side: _Side = 128,
    batch: _Batch = 16,
    precision: Annotated[
        list[str] | None,
        typer.Option(
            help="float32, mixed_bfloat16, or both, by naming it twice; default: float32."
        ),
    ] = None,
    steps: Annotated[int, typer.Option(min=1, help="Steps of one turn.")] = 3,
    rounds: Annotated[int, typer.Option(min=2, help="Turns of each.")] = 5,
    torch: Annotated[str, typer.Option(help="What pip installs as torch.")] = "torch",
    out: Annotated[Path | None, typer.Option(help="File for all numbers as JSON.")] = None,
) -> None:
    """Compare training steps."""
    precisions, threads = precision or ["float32"], int(joblib.cpu_count())
    if set(precisions) - {"float32", "mixed_bfloat16"}:
        raise SystemExit("the peer is run in float32 and mixed_bfloat16 only")
    python, here = peer_python(torch), Path(__file__).with_name("peers")
    encoder = ENCODERS.get(backbone, backbone)
    with ExitStack() as stack:
        sides = []
        for one in precisions:
            ours = (sys.executable, "-m", "benchmarks.peers.our_steps")
            command = (*ours, backbone, one, side, batch)
            sides.append(stack.enter_context(started(f"ours {one}", command)))
        for one, last in product(precisions if backbone != "plain" else [], (False, True)):
            theirs: list[object] = [python, here / "smp_steps.py"]
            theirs += ["--encoder", encoder, "--side", side, "--batch", batch, "--threads", threads]
            theirs += ["--bfloat16"] * (one != "float32") + ["--channels-last"] * last
            name = f"smp {encoder} {one}{' channels_last' * last}"
            sides.append(stack.enter_context(started(name, theirs)))
        for _ in range(rounds):
            for each in sides:
                each.take_turn(steps)
    report(sides, f"{backbone}, {side} px, batches of {batch}, {threads} threads", batch, out)


def report(sides: Sequence[Side], title: str, batch: int, out: Path | None) -> None:
    """Print the table; write the numbers, too, where asked."""
    reference = np.array(sides[0].turns)
    title += f": {len(reference)} turns; {datetime.now(UTC):%Y-%m-%d}, {cpu_model()}"
    columns = ("first step, s", "tiles/s", "GFLOP a tile", "GFLOP/s", "speed of ours float32")
    table = Table("", *columns, title=title, box=SIMPLE)
    rows = []
    for each in sides:
        middle = statistics.median(each.turns)
        # A training step is about three times what is forward.
        gflops = each.ready["gflops"]
        rate = 3 * gflops * batch / middle
        # Each turn is compared with the one beside it.
        ratios = sorted(reference / np.array(each.turns))
        low, ratio, high = np.quantile(ratios, (0.25, 0.5, 0.75))
        table.add_row(
            each.name,
            f"{each.ready['first']:.1f}",
            f"{batch / middle:.1f}",
            f"{gflops:.2f}",
            f"{rate:.0f}",
            f"{ratio:.2f} ({low:.2f} .. {high:.2f})",
        )
        rows.append(each.ready | {"name": each.name, "seconds_a_step": each.turns})
    console = Console(highlight=False)
    console.print(table)
    console.print(*sorted({each.ready["versions"] for each in sides}), sep="; ")
    if out:
        flags = [INSTRUCTIONS[name] for name in cpu_instructions() or []]
        found = {"title": title, "cpu": cpu_model(), "instructions": flags, "sides": rows}
        out.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    typer.run(main)
