"""`saltseg compare` and `spread`: from names of runs to a verdict, or to where scores vary."""

import json
import shlex
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Literal, NamedTuple

from rich.console import Console

from saltseg.comparison.defaults import ROPE
from saltseg.comparison.matrix import chances_matrix
from saltseg.comparison.networks import compare
from saltseg.comparison.spread import Spread, spread
from saltseg.errors import DataError
from saltseg.files import write_whole
from saltseg.report.findings import Findings
from saltseg.report.markdown import write_markdown
from saltseg.report.page import Gallery, write_page
from saltseg.report.records import as_csv, as_json
from saltseg.report.terminal import print_report, print_spread
from saltseg.scoring.scores import DECIDING
from saltseg.tracking.addresses import curves_sentence
from saltseg.tracking.comparable import ShownRun, differing, labels, obstacles
from saltseg.tracking.comparison_runs import log_comparison
from saltseg.tracking.disputed import most_disputed
from saltseg.tracking.lookup import choose
from saltseg.tracking.store import own_store, store_errors


class Wanted(NamedTuple):
    """What is to be made of a comparison.

    Attributes:
        html: Where to write the page too; it is logged in any case.
        markdown: Where to write it as Markdown, too.
        rope: Largest difference of a score that does not matter.
        force: Compare what the runs share even where data or folds differ.
        gallery: Tiles on the page.
        records: What to print for other programs in place of the tables, as JSON or CSV.
    """

    html: Path | None = None
    markdown: Path | None = None
    rope: float = ROPE
    force: bool = False
    gallery: int = 12
    records: Literal["json", "csv"] | None = None


@store_errors()
def compare_runs(names: Sequence[str], wanted: Wanted, console: Console) -> None:
    """Compare the first run with each of the others.

    Args:
        names: What DVC or git call runs, their ids and names in MLflow, or backbones; none for the
            newest pair.
        wanted: How, and what to make of it.
        console: Where the tables go.

    Raises:
        DataError: No such run, or the runs cannot be compared.
        TrackingError: The store does not work.
    """
    if len(names) == 1:
        raise DataError(f"'{names[0]}' alone: name two runs or more, or none for the newest two")
    store = own_store()
    runs = choose(store, names)
    found = _findings(runs, wanted)
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.html"
        shown = _gallery(runs, wanted.gallery)
        command = partial(_command, names, runs, wanted)
        write_page(report, found, shown, command("--html", wanted.html or Path(report.name)))
        if wanted.records:
            print(_for_programs(found, wanted.records))
        else:
            print_report(console, found)
        if wanted.html:
            write_whole(wanted.html, report.read_bytes())
        if wanted.markdown:
            write_markdown(wanted.markdown, found, command("--markdown", wanted.markdown))
        log_comparison(store, runs, found.comparisons, found.warnings, report)
    if not wanted.records:
        for page in filter(None, (wanted.html, wanted.markdown)):
            console.print(f"Page: {page}")
        ids = [one.run.info.run_id for one in runs]
        address = curves_sentence(store.experiment, ids, f"val_{DECIDING.name}")
        console.print(address, soft_wrap=True, highlight=False, markup=False)


def _findings(runs: Sequence[ShownRun], wanted: Wanted) -> Findings:
    warnings = _warnings(runs, wanted.force)
    contestants = [one.contestant(label) for one, label in zip(runs, labels(runs), strict=True)]
    first, *others = contestants
    settings = differing(runs)
    return Findings(
        contestants,
        [compare(first, one, rope=wanted.rope, comparisons=len(others)) for one in others],
        settings,
        warnings,
        matrix=chances_matrix(contestants, wanted.rope) if len(others) > 1 else None,
        chance=None if warnings else _spread_of_seeds(runs, [name for name, _ in settings]),
    )


def _for_programs(found: Findings, form: str) -> str:
    """All of it as JSON, or a row per pair and score as CSV."""
    if form == "csv":
        return as_csv(
            [
                {"A": one.first, "B": one.second, **asdict(difference)}
                for one in found.comparisons
                for difference in one.differences
            ]
        ).rstrip("\n")
    return as_json(
        {
            "networks": [{"label": one.label, "cost": one.cost} for one in found.contestants],
            "settings": [{"name": name, "values": values} for name, values in found.settings],
            "warnings": found.warnings,
            "comparisons": found.comparisons,
            "matrix": found.matrix,
            "spread": found.chance,
        }
    )


@store_errors()
def spread_of_runs(names: Sequence[str], out: Path | None, console: Console) -> None:
    """Say where the scores of a network vary that was trained with several seeds.

    Args:
        names: Two or more, as in `compare_runs`; they must differ in `train.seed` alone.
        out: Where to write the variances as JSON, too.
        console: Where the table goes.

    Raises:
        DataError: No such run, or the runs differ in more.
        TrackingError: The store does not work.
    """
    if len(names) < 2:
        raise DataError("name two runs or more, which differ in train.seed alone")
    runs = choose(own_store(), names)
    different = [name for name, _ in differing(runs) if name != "train.seed"]
    if found := obstacles(runs) + different:
        raise DataError(f"these differ in more than train.seed: {'; '.join(found)}")
    if len({one.settings().get("train.seed") for one in runs}) < len(runs):
        raise DataError("two of these have the same train.seed: they are one training")
    found_spread = _spread(runs)
    print_spread(console, found_spread)
    if out:
        write_whole(out, (json.dumps(asdict(found_spread), indent=1) + "\n").encode())


def _spread_of_seeds(runs: Sequence[ShownRun], different: Sequence[str]) -> Spread | None:
    """Where scores vary, of runs that differ in their training seed and in nothing else."""
    seeds = {one.settings().get("train.seed") for one in runs}
    if list(different) != ["train.seed"] or len(seeds) < len(runs):
        return None
    with suppress(DataError):  # a single fold
        return _spread(runs)
    return None


def _spread(runs: Sequence[ShownRun]) -> Spread:
    n_splits = int(runs[0].outputs.params["split"]["n_splits"])
    return spread([one.outputs.tiles for one in runs], n_splits)


def _warnings(runs: Sequence[ShownRun], force: bool) -> list[str]:
    """Why a comparison may mean nothing; refused unless it is forced."""
    found = obstacles(runs)
    if found and not force:
        raise DataError(
            f"{'; '.join(found)}: tile by tile they cannot be compared; train both on the "
            "same data and folds, or see what they share with --force"
        )
    return found


def _command(
    names: Sequence[str], runs: Sequence[ShownRun], wanted: Wanted, option: str, path: Path
) -> str:
    """What makes the page again, of these very runs where none was named."""
    named = names or [one.run.info.run_id[:8] for one in runs]
    settings = ["--rope", f"{wanted.rope:g}"] * (wanted.rope != ROPE) + ["--force"] * wanted.force
    return shlex.join(["saltseg", "compare", *named, *settings, option, str(path)])


def _gallery(runs: Sequence[ShownRun], count: int) -> Gallery:
    """The most disputed tiles, or the reason why there are none."""
    threshold = runs[0].outputs.threshold
    if not count:
        return Gallery([], threshold, "No tiles were asked for (--gallery 0).")
    try:
        tiles = most_disputed(runs, count)
    except DataError as error:
        why = f"{error}; `dvc fetch` brings it back where a remote holds it."
        return Gallery([], threshold, why)
    return Gallery(tiles, threshold, None if tiles else "They score every tile alike.")
