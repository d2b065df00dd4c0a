"""The command that trains folds side by side."""

from importlib.util import find_spec
from typing import Annotated

import typer

from saltseg.cli.app import app, in_project
from saltseg.errors import EngineError, one_line_errors


@app.command()
@in_project
def fan_out(
    jobs: Annotated[int, typer.Option("--jobs", "-j", min=1, help="Folds at a time, here.")] = 2,
    experiments: Annotated[
        list[str] | None,
        typer.Option(
            "--experiments",
            "-S",
            help="Experiments in place of the workspace: backbone=resnet50,vgg16 makes two. "
            "Several: all combinations.",
        ),
    ] = None,
    name: Annotated[str, typer.Option("--name", "-n", help="Names begin with it.")] = "",
    address: Annotated[
        str | None,
        typer.Option(
            envvar="RAY_ADDRESS",
            help="A Ray cluster to train on in place of this machine, such as auto or HOST:6379.",
        ),
    ] = None,
    cpus: Annotated[int, typer.Option(min=1, help="Cores of a fold on the cluster.")] = 1,
    gpus: Annotated[float, typer.Option(min=0, help="GPUs of a fold on the cluster.")] = 0,
    keep_states: Annotated[
        float,
        typer.Option(
            min=0,
            help="Minutes between two copies of unfinished trainings to the DVC remote, from which "
            "another node goes on when one is lost; 0: none.",
        ),
    ] = 0,
) -> None:
    """Train folds side by side, each on its share of the cores; then do what `dvc repro` does.

    On a CPU this is faster than one fold after another on all cores. Stopped, the same command goes
    on. With `--address` the folds run on the nodes of a Ray cluster: docs/cluster.md.
    """
    with one_line_errors("saltseg fan-out"):
        from rich.console import Console

        from saltseg.fanout.fan_out import fan_out as run
        from saltseg.fanout.sites import Nodes

        if address and find_spec("ray") is None:
            raise EngineError("Ray is not installed; `.venv/bin/pip install ray`")
        where = Nodes(address, cpus, gpus, 60 * keep_states) if address else jobs
        run(where, experiments or [], name, Console())
