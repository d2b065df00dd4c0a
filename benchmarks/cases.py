"""Coverage that awkward files give beside a clean one of the same sections.

python -m benchmarks.cases models/resnet50 CLEAN.sgy FILE...

The masks of each file should be those of the clean one, to 0.02 of the coverage; or one clear line
says why there are none. Options of `saltseg predict` may follow a file after a colon:
`cube.npy:axes=ixd`, `"moved.sgy:iline=221;xline=225"`.
"""

import contextlib
import io
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from saltseg.errors import SaltsegError
from saltseg.inference.files import load_models
from saltseg.inference.job import OutputOptions, predict_into
from saltseg.inference.model import SaltModel
from saltseg.inference.pictures import PredictOptions
from saltseg.inference.sections import Reading, open_inputs
from saltseg.inference.segy.volume import Geometry

LOOSE = 0.02


def coverage(model: SaltModel, asked: str) -> tuple[float | None, str]:
    """Mean coverage of a file's sections, None where it is refused; and what is said of it."""
    name, _, options = asked.partition(":")
    told = dict(option.split("=") for option in options.split(";") if option)
    said = io.StringIO()
    with (
        contextlib.redirect_stderr(said),
        contextlib.redirect_stdout(io.StringIO()),
        tempfile.TemporaryDirectory() as out,
    ):
        try:
            geometry = Geometry(int(told.get("iline", 189)), int(told.get("xline", 193)))
            reading = Reading(geometry=geometry, axes=told.get("axes"))
            with open_inputs([Path(name)], reading) as inputs:
                table = predict_into(
                    Path(out) / "out", model, inputs, PredictOptions(), OutputOptions()
                )
        except SaltsegError as error:
            return None, str(error)
    return float(table["coverage"].mean()), said.getvalue().strip()


def main(
    models: Annotated[Path, typer.Argument(help="Folder of folds.")],
    clean: Annotated[str, typer.Argument(help="The file to compare with.")],
    files: Annotated[list[str], typer.Argument(help="FILE, or FILE:OPTION=VALUE;...")],
) -> None:
    """Print a row for each file; exit code 1 where a coverage is another and nothing was said."""
    model = load_models(models)
    expected, _ = coverage(model, clean)
    print(f"{clean}: coverage {expected:.4f}")
    silent = False
    for one in files:
        found, said = coverage(model, one)
        wrong = found is not None and abs(found - expected) > LOOSE
        silent |= wrong and not said
        verdict = "refused" if found is None else f"{found:.4f}" + " WRONG" * wrong
        print(f"{'/'.join(one.split('/')[-2:])}: {verdict} {said}", flush=True)
    raise typer.Exit(int(silent))


if __name__ == "__main__":
    typer.run(main)
