"""The `saltseg` command; `dvc` and `mlflow` do the rest."""

from typing import Annotated

import typer

from saltseg.errors import one_line_errors

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def main() -> None:
    """Which encoder finds salt in seismic tiles? Run the pipeline with `dvc repro`."""


@app.command()
def scores(
    revisions: Annotated[
        list[str] | None,
        typer.Argument(help="Commits or experiment names; default: the workspace and all."),
    ] = None,
) -> None:
    """Table of the workspace's scores and those of DVC experiments, best first."""
    with one_line_errors("saltseg scores"):
        # DVC and pandas take seconds to import, which `--help` need not pay.
        from rich.console import Console

        from saltseg.experiments import read_experiments, scores_table

        Console().print(scores_table(read_experiments(revisions or [])))
