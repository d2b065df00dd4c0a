"""The command that all others hang on, and where in a project they run."""

from collections.abc import Callable
from contextlib import chdir
from functools import wraps
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import typer

from saltseg.encoding import print_anywhere
from saltseg.errors import DataError, one_line_errors
from saltseg.root import require_project

Options = ParamSpec("Options")

app = typer.Typer(
    no_args_is_help=True,
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


def _tell_version(asked: bool) -> None:
    if asked:
        print(f"saltseg {version('saltseg')}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_tell_version, is_eager=True, help="Show it and exit."),
    ] = False,
) -> None:
    """Which encoder finds salt in seismic tiles? Run the pipeline with `dvc repro`."""
    print_anywhere()


def in_project(command: Callable[Options, None]) -> Callable[Options, None]:
    """Run a command at the root of the project, wherever in it the user stands.

    Its paths stay what the user means by them. With `--models`, files of a model, no project is
    needed: then the command runs where the user stands.
    """

    @wraps(command)
    def run(*args: Options.args, **options: Options.kwargs) -> None:
        if options.get("models"):
            return command(*args, **options)
        with one_line_errors(f"saltseg {command.__name__.replace('_', '-')}"):
            here = Path.cwd()
            try:
                root = require_project()
            except DataError as error:
                other = ", or name files of a model with --models" if "models" in options else ""
                raise DataError(f"{error}{other}") from None
            for name, value in options.items():
                options[name] = _moved(value, here.relative_to(root))
            with chdir(root):
                command(*args, **options)

    return run


def _moved(value: Any, folder: Path) -> Any:
    """Paths within a folder as paths from where that folder is; anything else as it is."""
    if isinstance(value, list):
        return [_moved(one, folder) for one in value]
    return folder / value if isinstance(value, Path) else value
