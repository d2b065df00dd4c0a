"""The real answer: networks of recipes/answer on TGS, compared on one page.

    python -m benchmarks.answer keep resnet50 vgg16       # what these experiments have scored
    python -m benchmarks.answer write                     # docs/results.md, from all that is kept

Its trainings take hours, on machines that come and go, so what a page needs of each network is kept
in docs/results: scores of its tiles, its curves, what it cost and the command that trains it again.
"""

import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pandas as pd
import typer

from benchmarks.experiments import ROOT

PAGE = ROOT / "docs/results.md"
KEPT = PAGE.with_suffix("")
ORDER = ("resnet50", "vgg16")
"""The question; other networks follow by name."""

COLUMNS = ["id", "fold", "coverage_class", "group", "coverage", "map_iou", "iou", "dice"]
ENVIRONMENT = ("engine", "engine_version", "keras_version", "numpy_version", "opencv_version")

app = typer.Typer(no_args_is_help=True)


@app.command()
def keep(names: list[str]) -> None:
    """Keep what experiments of this repository have scored."""
    from saltseg.fanout.worker import own_machine
    from saltseg.tracking.lookup import choose
    from saltseg.tracking.store import own_store

    KEPT.mkdir(exist_ok=True)
    for name, shown in zip(names, choose(own_store(), names), strict=True):
        one, tags = shown.contestant(name), shown.run.data.tags
        one.tiles[COLUMNS].round(4).to_csv(KEPT / f"{name}.csv", index=False)
        one.curves.round(4).to_csv(KEPT / f"{name}-curves.csv", index=False)
        about = {
            "backbone": shown.outputs.backbone,
            "weights": shown.outputs.params["model"]["weights"],
            "seed": shown.outputs.params["train"]["seed"],
            "splits": one.n_splits,
            "cost": asdict(one.cost),
            "machine": own_machine(),
            "engine": {key: tags.get(key, "") for key in ENVIRONMENT},
        }
        (KEPT / f"{name}.json").write_text(json.dumps(about, indent=1) + "\n")
        print(KEPT / f"{name}.csv")


@app.command()
def write(rope: float = 0.01) -> None:
    """Write the page."""
    from saltseg.comparison.matrix import chances_matrix
    from saltseg.comparison.networks import compare
    from saltseg.report.findings import Findings
    from saltseg.report.markdown import write_markdown

    names = sorted((path.stem for path in KEPT.glob("*.json")), key=_question_first)
    about = {name: json.loads((KEPT / f"{name}.json").read_text()) for name in names}
    shown = _one_each(names, about)
    all_of_them = [_contestant(name, about[name]) for name in shown]
    first, *others = all_of_them
    settings = [
        (key, tuple(str(about[name][key]) for name in shown))
        for key in ("backbone", "weights", "seed", "machine")
    ]
    found = Findings(
        all_of_them,
        [compare(first, one, rope=rope, comparisons=len(others)) for one in others],
        [(key, values) for key, values in settings if len(set(values)) > 1],
        matrix=chances_matrix(all_of_them, rope),
        chance=_chance(names, about),
    )
    write_markdown(PAGE, found, f"python -m benchmarks.answer write --rope {rope:g}")
    runs = [_command(name, about[name]) for name in names]
    text = PAGE.read_text().rstrip()
    if (own := KEPT / "conclusions.md").exists():
        begin, each, rest = text.partition("## Each against each other")
        text = f"{begin}{own.read_text()}\n{each}{rest}"
    PAGE.write_text("\n".join([text, "", "## The runs", "", "```text", *runs, "```", ""]))
    print(PAGE)


def _one_each(names: Sequence[str], about: Mapping[str, Any]) -> list[str]:
    """The first of those that differ in their training seed alone."""
    found: dict[tuple[str, str], str] = {}
    for name in names:
        found.setdefault((about[name]["backbone"], about[name]["weights"]), name)
    return list(found.values())


def _chance(names: Sequence[str], about: Mapping[str, Any]) -> Any:
    """What another training seed changes, of the network that has most of them."""
    from saltseg.comparison.spread import spread

    same: dict[tuple[str, str], list[str]] = {}
    for name in names:
        same.setdefault((about[name]["backbone"], about[name]["weights"]), []).append(name)
    most = max(same.values(), key=len)
    if len(most) < 2:
        return None
    tables = [_contestant(name, about[name]).tiles for name in most]
    return spread(tables, about[most[0]]["splits"])


def _question_first(name: str) -> tuple[int, str]:
    return (ORDER.index(name) if name in ORDER else len(ORDER)), name


def _contestant(name: str, about: dict[str, Any]) -> Any:
    from saltseg.comparison.networks import Contestant, Cost

    tiles = pd.read_csv(KEPT / f"{name}.csv", dtype={"id": str})
    curves = pd.read_csv(KEPT / f"{name}-curves.csv")
    return Contestant(name, tiles, curves, int(about["splits"]), Cost(**about["cost"]))


def _command(name: str, about: dict[str, Any]) -> str:
    """What trains it again."""
    settings = [f"backbone={about['backbone']}", f"model.weights={about['weights']}"]
    settings.append(f"train.seed={about['seed']}")
    words = [f"-S {shlex.quote(one)}" for one in settings]
    return f"dvc exp run -n {name} $(cat recipes/answer) {' '.join(words)}"


if __name__ == "__main__":
    Path(KEPT).mkdir(exist_ok=True)
    app()
