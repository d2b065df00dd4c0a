"""The command that all others hang on."""

import typer

from saltseg.encoding import print_anywhere

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
)


@app.callback()
def main() -> None:
    """Which encoder finds salt in seismic tiles? Run the pipeline with `dvc repro`."""
    print_anywhere()
