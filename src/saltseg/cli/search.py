"""The command that searches for better parameters."""

from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from saltseg.cli.app import app, in_project
from saltseg.errors import EngineError, one_line_errors


@app.command()
@in_project
def tune(
    space: Annotated[
        Path, typer.Argument(help="What to try, as YAML; for instance recipes/tune/demo.yaml.")
    ],
    trials: Annotated[
        int, typer.Option(min=1, help="How many the study shall have, with those it has.")
    ] = 20,
    study: Annotated[
        str | None, typer.Option(help="Name of the study and of its trials; default: the file's.")
    ] = None,
) -> None:
    """Search for better parameters: each trial is a DVC experiment, hopeless ones end early.

    Trials are judged out of fold, never by the hold-out. Stopped, the same command goes on.
    """
    with one_line_errors("saltseg tune"):
        if find_spec("optuna") is None:
            raise EngineError("Optuna is not installed; `.venv/bin/pip install optuna`")
        from rich.console import Console

        from saltseg.tune.search import tune as run_search

        run_search(space, trials, study, Console())
