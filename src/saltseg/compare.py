"""`saltseg compare` and `spread`: from names of runs to a verdict, or to where scores vary."""

import json
import shlex
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path

from rich.console import Console

from saltseg.comparison.defaults import ROPE
from saltseg.comparison.matrix import chances_matrix
from saltseg.comparison.networks import Contestant, compare
from saltseg.comparison.spread import Spread, spread
from saltseg.errors import DataError
from saltseg.files import write_whole
from saltseg.report.page import Gallery, write_page
from saltseg.report.tables import TextTable, matrix_table
from saltseg.report.terminal import print_report, print_spread
from saltseg.tracking.comparable import ShownRun, differing, labels, obstacles
from saltseg.tracking.comparison_runs import log_comparison
from saltseg.tracking.disputed import most_disputed
from saltseg.tracking.lookup import choose
from saltseg.tracking.store import own_store, store_errors


@store_errors()
def compare_runs(
    names: Sequence[str],
    html: Path | None,
    rope: float,
    force: bool,
    gallery: int,
    console: Console,
) -> None:
    """Compare the first run with each of the others.

    Args:
        names: What DVC or git call runs, their ids and names in MLflow, or backbones; none for the
            newest pair.
        html: Where to write the page too; it is logged in any case.
        rope: Largest difference of a score that does not matter.
        force: Compare what the runs share even where data or folds differ.
        gallery: Tiles on the page.
        console: Where the tables go.

    Raises:
        DataError: No such run, or the runs cannot be compared.
        TrackingError: The store does not work.
    """
    if len(names) == 1:
        raise DataError(f"'{names[0]}' alone: name two runs or more, or none for the newest two")
    store = own_store()
    with tempfile.TemporaryDirectory() as folder:
        runs = choose(store, names)
        warnings = _warnings(runs, force)
        contestants = [one.contestant(label) for one, label in zip(runs, labels(runs), strict=True)]
        first, *others = contestants
        against_first = partial(compare, first, rope=rope, comparisons=len(others))
        comparisons = [against_first(other) for other in others]
        settings = differing(runs)
        everyone = _everyone(contestants, rope)
        chance = None if warnings else _spread_of_seeds(runs, [name for name, _ in settings])
        report = Path(folder) / "report.html"
        write_page(
            report,
            contestants,
            comparisons,
            settings,
            warnings,
            _gallery(runs, gallery),
            command=_command(names, runs, html or Path(report.name), rope, force),
            everyone=everyone,
            chance=chance,
        )
        print_report(console, contestants, comparisons, settings, warnings, everyone, chance)
        if html:
            write_whole(html, report.read_bytes())
            console.print(f"Page: {html}")
        log_comparison(store, runs, comparisons, warnings, report)


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


def _everyone(contestants: Sequence[Contestant], rope: float) -> TextTable | None:
    """The table of all pairs, where the comparisons with the first are not all there is to say."""
    if len(contestants) < 3:
        return None
    labels = [one.label for one in contestants]
    return matrix_table(labels, chances_matrix(contestants, rope), rope)


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
    names: Sequence[str], runs: Sequence[ShownRun], html: Path, rope: float, force: bool
) -> str:
    """What makes the page again, of these very runs where none was named."""
    named = names or [one.run.info.run_id[:8] for one in runs]
    settings = ["--rope", f"{rope:g}"] * (rope != ROPE) + ["--force"] * force
    return shlex.join(["saltseg", "compare", *named, *settings, "--html", str(html)])


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
