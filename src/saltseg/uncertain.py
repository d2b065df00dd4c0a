"""`saltseg uncertainty`: whether the pixels that a run is unsure of are those that it has wrong."""

import json
from pathlib import Path

from rich.console import Console
from rich.text import Text

from saltseg.figures.sparsification import sparsification
from saltseg.files import staged_file, write_whole
from saltseg.report.terminal import print_table
from saltseg.report.uncertainty import (
    EXPLANATION,
    judgement_numbers,
    judgement_sentence,
    judgement_table,
    measure_names,
)
from saltseg.runs.holdout import read_holdout
from saltseg.runs.outputs import Outputs
from saltseg.trained import find_run
from saltseg.uncertainty.judgement import judge
from saltseg.uncertainty.measures import require_several


def judge_run(
    run: str, flip: bool, out: Path | None, numbers: Path | None, console: Console
) -> None:
    """Hold the uncertainty of a run against its errors, on its hold-out.

    Args:
        run: As for `saltseg predict --run`, but no model of the registry.
        flip: As in `judge_holdout`.
        out: As there.
        numbers: As there.
        console: As there.

    Raises:
        SaltsegError: There is no such run; or as there.
    """
    judge_holdout(find_run(run), flip, out, numbers, console)


def judge_holdout(
    run: Outputs, flip: bool, out: Path | None, numbers: Path | None, console: Console
) -> None:
    """The same of outputs that have been found.

    Args:
        run: Whose.
        flip: Whether tiles are predicted mirrored, too.
        out: PNG of the curves to write; None for none.
        numbers: JSON of all but the curves to write; None for none.
        console: Where the table goes.

    Raises:
        DataError: The run has no hold-out, one network that predicts once, or no error.
    """
    require_several(len(run.folds), flip)
    unseen = read_holdout(run, flip)
    groups = unseen.tiles["group"].to_numpy()
    found = judge(unseen.each, unseen.mean, unseen.masks, run.threshold, groups)
    names = measure_names(len(run.folds), flip)
    print_table(console, judgement_table(found, names))
    console.print(Text(EXPLANATION, style="dim"))
    console.print()
    console.print(Text(judgement_sentence(found, names)))
    if out:
        curves = dict(zip(names, (found.deviation, found.ambiguity), strict=True))
        with staged_file(out) as path:
            sparsification(curves, found.error, f"{run.title}: hold-out", path)
        console.print(Text(f"Curves: {out}"))
    if numbers:
        settings = {"run": run.title, "threshold": run.threshold, "flip": flip}
        text = json.dumps(settings | judgement_numbers(found), indent=1)
        write_whole(numbers, f"{text}\n".encode())
