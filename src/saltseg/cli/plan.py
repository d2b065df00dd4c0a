"""What to ask before training: how many folds it takes."""

from typing import Annotated

import typer

from saltseg.cli.app import app
from saltseg.comparison import defaults
from saltseg.errors import one_line_errors


@app.command()
def plan(
    difference: Annotated[
        float, typer.Option(help="True difference that is to be called better, as 0.02.")
    ],
    spread: Annotated[
        float,
        typer.Option(
            help="Standard deviation of the differences of two networks from fold to fold; "
            "`compare` says it under an undecided verdict."
        ),
    ],
    rope: Annotated[
        float, typer.Option(help="As for `compare`: differences up to so much do not matter.")
    ] = defaults.ROPE,
    splits: Annotated[
        int, typer.Option(help="Folds of the division that the spread is of: split.n_splits.")
    ] = 5,
    folds_seen: Annotated[
        int | None,
        typer.Option(min=2, help="Folds that the spread was seen over: says how rough it is."),
    ] = None,
    seconds_per_fold: Annotated[
        float | None, typer.Option(help="Training of one fold: adds the time of each plan.")
    ] = None,
) -> None:
    """What it would take: folds and divisions of the tiles until a comparison decides.

    The power is the chance that `compare` calls a network better that truly is, by `--difference`,
    or two without a difference practically equal.
    """
    with one_line_errors("saltseg plan"):
        from rich.console import Console

        from saltseg.comparison.plan import check
        from saltseg.comparison.trial import Trial
        from saltseg.report.plans import plan_report
        from saltseg.report.terminal import print_table

        trial = Trial(spread, splits, rope)
        check(trial, difference, seconds_per_fold)
        table, sentences = plan_report(trial, difference, seconds_per_fold, folds_seen)
        console = Console()
        print_table(console, table)
        for sentence in sentences:
            console.print(sentence, highlight=False)
