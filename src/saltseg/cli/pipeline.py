"""Commands around the pipeline: what DVC and MLflow do not tell."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from saltseg.cli.app import app, in_project
from saltseg.comparison import defaults
from saltseg.errors import DataError, one_line_errors

if TYPE_CHECKING:
    from saltseg.report.records import Record


AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for other programs.")]
AsCsv = Annotated[bool, typer.Option("--csv", help="Print CSV, for a spreadsheet.")]


def _form(as_json: bool, as_csv: bool) -> Literal["json", "csv"] | None:
    if as_json and as_csv:
        raise DataError("--json and --csv: one of the two")
    return "json" if as_json else "csv" if as_csv else None


def _print_records(found: "Sequence[Record]", form: Literal["json", "csv"]) -> None:
    from saltseg.report import records

    print(records.as_json(found) if form == "json" else records.as_csv(found).rstrip("\n"))


@app.command()
@in_project
def scores(
    revisions: Annotated[
        list[str] | None,
        typer.Argument(help="Commits or experiment names; default: the workspace and all."),
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Table of the workspace's scores and those of DVC experiments, best first."""
    with one_line_errors("saltseg scores"):
        # DVC and pandas take seconds to import, which `--help` need not pay.
        from rich.console import Console

        from saltseg.report import records
        from saltseg.report.scores import scores_table
        from saltseg.runs.revisions import find

        form, found = _form(as_json, as_csv), find(revisions or [])
        if form:
            _print_records(records.score_records(found), form)
        else:
            Console().print(scores_table(found))


@app.command()
@in_project
def track(
    everything: Annotated[
        bool, typer.Option("--all", help="Every DVC experiment too, not the workspace alone.")
    ] = False,
) -> None:
    """Make MLflow show the workspace's outputs; what it shows already stays as it is."""
    with one_line_errors("saltseg track"):
        from saltseg.runs.outputs import NotEvaluatedError
        from saltseg.runs.revisions import experiments, workspace
        from saltseg.tracking.addresses import runs_sentence
        from saltseg.tracking.mirror import mirror

        if not everything:
            shown = mirror(workspace())
            print(f"{shown.text()}\n{runs_sentence(shown.experiment)}")
            return
        incomplete, last = False, None
        for outputs in (*experiments(), workspace()):
            try:
                last = mirror(outputs)
                print(last.text())
            except DataError as error:
                print(f"skipped {error}", file=sys.stderr)
                incomplete |= not isinstance(error, NotEvaluatedError)
        if last:
            print(runs_sentence(last.experiment))
        if incomplete:
            raise SystemExit(1)


@app.command()
@in_project
def compare(
    runs: Annotated[
        list[str] | None,
        typer.Argument(
            help="As for `predict --run`: workspace, DVC experiments, commits, runs of MLflow by "
            "name, id or backbone; default: the newest two runs that share data and folds. The "
            "first is compared with each of the others; a table has the chances of each pair."
        ),
    ] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write the report as a self-contained page, too.")
    ] = None,
    rope: Annotated[
        float,
        typer.Option(min=0, max=1, help="Differences of a score up to so much do not matter."),
    ] = defaults.ROPE,
    force: Annotated[
        bool, typer.Option(help="Compare what they share even where data or folds differ.")
    ] = False,
    gallery: Annotated[
        int, typer.Option(min=0, help="Tiles on the page, those most disputed.")
    ] = 12,
    markdown: Annotated[
        Path | None,
        typer.Option(help="Write it as Markdown, too, with pictures in `images` beside it."),
    ] = None,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Which is better, by how much, and how sure: runs of MLflow, tile by tile.

    Where the verdict leaves it open, how many folds and divisions it would take (`saltseg plan`).
    Where the runs differ in train.seed alone, what their scores vary with (`saltseg spread`). The
    report is logged to MLflow as well, as a run of its own.
    """
    with one_line_errors("saltseg compare"):
        from rich.console import Console

        from saltseg.compare import Wanted, compare_runs

        records = _form(as_json, as_csv)
        wanted = Wanted(html, markdown, rope, force, gallery, records)
        compare_runs(runs or [], wanted, Console())


@app.command()
@in_project
def spread(
    runs: Annotated[
        list[str],
        typer.Argument(help="Two or more, as for `compare`, that differ in train.seed alone."),
    ],
    out: Annotated[Path | None, typer.Option(help="Write the variances as JSON, too.")] = None,
) -> None:
    """Where scores vary: with training seed, division, folds or tiles; of one network trained anew.

    For the runs: dvc exp run --queue -S train.seed=1,2,3
    """
    with one_line_errors("saltseg spread"):
        from rich.console import Console

        from saltseg.compare import spread_of_runs

        spread_of_runs(runs, out, Console())


@app.command()
def mosaics(
    sources: Annotated[
        list[Path],
        typer.Argument(help="Zips or folders with images/ID.png, or in the Kaggle layout."),
    ],
    out: Annotated[Path, typer.Option(help="Table to write: id, group, row, column.")],
    figure: Annotated[
        Path | None, typer.Option(help="Draw the largest mosaics, put together, as PNG.")
    ] = None,
    largest: Annotated[int, typer.Option(min=1, help="How many to draw.")] = 5,
    margin: Annotated[
        float, typer.Option(min=0, help="As mosaics.margin in params.yaml: higher is surer.")
    ] = 1.0,
) -> None:
    """Find which tiles lay side by side in the sections they were cut from.

    Labelled or not does not matter; the more tiles, the more neighbours are found.
    """
    with one_line_errors("saltseg mosaics"):
        from saltseg.files import staged_file
        from saltseg.tiles.dataset import read_pictures
        from saltseg.tiles.mosaics.finding import find_mosaics
        from saltseg.tiles.mosaics.table import mosaic_sentence

        ids, images = read_pictures(sources)
        found = find_mosaics(images, ids, margin)
        with staged_file(out) as path:
            found.to_csv(path, index=False)
        if figure:
            from saltseg.figures.mosaics import largest_mosaics

            with staged_file(figure) as path:
                largest_mosaics(images, found, largest, path)
        print(f"{mosaic_sentence(found)}: {out}")


@app.command()
@in_project
def reproduce(
    stages: Annotated[
        list[str] | None,
        typer.Argument(help="Stages, with those they need; default: all. As for `dvc repro`."),
    ] = None,
) -> None:
    """Run everything anew and say by stage whether it gave the bytes that dvc.lock records.

    The exit code is 0 where all are identical, else 1.
    """
    with one_line_errors("saltseg reproduce"):
        from rich.console import Console

        from saltseg.report.reproduction import (
            OTHERWISE,
            reproduction_table,
            reproduction_verdict,
        )
        from saltseg.runs import reproduce as anew

        found, console = anew.reproduce(stages or []), Console()
        console.print(reproduction_table(found))
        console.print(reproduction_verdict(found), style="bold", soft_wrap=True)
        if any(found.values()):
            console.print(OTHERWISE, style="dim", highlight=False)
            raise SystemExit(1)


@app.command()
@in_project
def unfinished(
    clear: Annotated[
        bool, typer.Option(help="Forget those that are not running; they would begin anew.")
    ] = False,
    as_json: AsJson = False,
    as_csv: AsCsv = False,
) -> None:
    """Trainings that were stopped; the next run of the same code and parameters goes on with them.

    Those of code or parameters that have changed since stay until they are cleared.
    """
    with one_line_errors("saltseg unfinished"):
        from rich.console import Console

        from saltseg.report import records
        from saltseg.report.unfinished import commands, unfinished_table
        from saltseg.runs import unfinished as trainings

        form, found = _form(as_json, as_csv), trainings.unfinished()
        if form:
            _print_records(records.unfinished_records(found), form)
            _ = [one.clear() for one in found if clear]
            return
        if not found:
            print("no training is unfinished")
            return
        Console().print(unfinished_table(found))
        if clear:
            print(f"{sum(one.clear() for one in found)} forgotten")
            return
        if stopped := commands(found):
            print("to go on, where dvc.yaml is, with the same code and data:")
            print("\n".join(stopped))


@app.command()
@in_project
def doctor() -> None:
    """What this machine has for training, and in which precision it trains fastest.

    Measured with as many threads as params.yaml allows, by some steps of a small network, so on a
    machine that does nothing else.
    """
    with one_line_errors("saltseg doctor"):
        from rich.box import SIMPLE
        from rich.console import Console
        from rich.table import Table

        from saltseg.doctor import findings, step_times
        from saltseg.params import load_params
        from saltseg.training.runtime import prepare_engine

        console, threads = Console(highlight=False), load_params().train.threads
        prepare_engine(seed=0, threads=threads)
        table = Table(box=None, show_header=False, pad_edge=False)
        for name, value in findings(threads):
            table.add_row(name, value)
        console.print(table)
        times = step_times()
        table = Table("train.precision", "ms a step", "of float32's", box=SIMPLE)
        for precision, seconds in times.items():
            share = f"{seconds / times['float32']:.2f}"
            table.add_row(precision, f"{seconds * 1000:.0f}", share)
        console.print(table)
        print(f"fastest here: {min(times, key=times.__getitem__)}")
