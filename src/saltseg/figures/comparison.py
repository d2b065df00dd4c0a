"""Pictures of networks compared, as SVG text for a page."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from saltseg.comparison.differences import Difference
from saltseg.comparison.networks import Comparison, Contestant
from saltseg.comparison.posterior import Interval
from saltseg.figures.svg import DASHES, MARKERS, STYLE, colours_of, pair_colours, shorten, to_svg
from saltseg.scoring.scores import SCORES
from saltseg.scoring.summary import mean_curves

_DARK, _PALE = "0.2", "0.55"
_CURVES = {f"val_{score.name}": f"{score.title}, validation" for score in SCORES if score.logged}
_BY_NAME = {score.name: score for score in SCORES}


@rc_context(STYLE)
def iou_curves(contestants: Sequence[Contestant]) -> str:
    """Draw validation scores over epochs: folds thin, their mean bold.

    Args:
        contestants: Their `curves` hold `fold`, `epoch` and `val_` before the name of each score
            that is logged; what a run of an older commit lacks is not drawn.
    """
    figure = Figure(figsize=(9.4, 3.7), layout="constrained")
    drawn = {k: v for k, v in _CURVES.items() if all(k in one.curves for one in contestants)}
    (panels,) = figure.subplots(1, len(drawn), sharey=True, squeeze=False)
    colours = colours_of([one.label for one in contestants])
    lines = {}
    for panel, (column, title) in zip(panels, drawn.items(), strict=True):
        for place, one in enumerate(contestants):
            lines[one.label] = _curve(panel, one, column, colours[one.label], place)
        panel.set(xlabel="epoch")
        panel.set_title(title, loc="left", fontsize=9, color=_DARK)
        panel.xaxis.get_major_locator().set_params(integer=True)
    panels[0].tick_params(labelleft=True)
    figure.legend(
        list(lines.values()),
        [shorten(label) for label in lines],
        loc="outside lower center",
        ncols=min(3, len(lines)),
        handlelength=3,
    )
    names = ", ".join(lines)
    return to_svg(figure, f"Validation map_iou and IoU over epochs of {names}")


def _curve(panel: Axes, one: Contestant, column: str, colour: str, place: int) -> Line2D:
    for _, fold in one.curves.groupby("fold"):
        panel.plot(fold["epoch"], fold[column], color=colour, linewidth=0.7, alpha=0.45)
    mean = mean_curves(one.curves).set_index("epoch")[column]
    # A single epoch makes no line.
    marker = MARKERS[place % len(MARKERS)] if len(mean) == 1 else None
    dashes = DASHES[place % len(DASHES)]
    [line] = panel.plot(
        mean.index, mean, color=colour, linewidth=2.4, linestyle=dashes, marker=marker
    )
    return line


@rc_context(STYLE)
def fold_differences(comparison: Comparison, colours: Mapping[str, str] | None = None) -> str:
    """Draw the difference of each fold, its mean and both intervals, for each score.

    Args:
        comparison: First minus second; one fold has no interval over folds.
        colours: Of the contestants by label.
    """
    pair = pair_colours(comparison.first, comparison.second, colours)
    rows = [_gains(row) for row in comparison.differences]
    figure = Figure(figsize=(9.4, 1.5 + 0.72 * len(rows)), layout="constrained")
    axes = figure.subplots()
    axes.axvline(0, color=_DARK, linewidth=1)
    for place, row in enumerate(rows):
        _fold_row(axes, row, place, pair)
    limit = 1.12 * max(0.01, *(abs(end) for row in rows for end in _ends(row)))
    axes.set(xlim=(-limit, limit), ylim=(len(rows) - 0.5, -0.5))
    names = [f"{row.score}\n{row.mean:+.3f}".replace("-", "−") for row in rows]
    axes.set_yticks(range(len(rows)), names)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)
    axes.set_xlabel("difference")
    for x, side, text, colour in (
        (0, "left", f"◀ {shorten(comparison.second)} better", pair[1]),
        (1, "right", f"{shorten(comparison.first)} better ▶", pair[0]),
    ):
        axes.text(x, 1.02, text, color=colour, weight="bold", ha=side, transform=axes.transAxes)
    _explain_marks(figure, folds=any(row.folds for row in rows))
    return to_svg(
        figure,
        f"Difference between {comparison.first} and {comparison.second}, fold by fold: "
        + ", ".join(f"{row.score} {row.mean:+.3f}" for row in rows),
    )


def _gains(row: Difference) -> Difference:
    """Above zero where the first is better, whatever the score."""
    if _BY_NAME[row.score].higher_is_better:
        return row
    tiles = Interval(-row.tiles.high, -row.tiles.low)
    folds = row.folds and Interval(-row.folds.high, -row.folds.low)
    return replace(row, mean=-row.mean, by_fold=-row.by_fold, tiles=tiles, folds=folds)


def _fold_row(axes: Axes, row: Difference, y: float, pair: tuple[str, str]) -> None:
    folds = row.by_fold.to_numpy()
    colours = _by_sign(folds, pair)
    axes.scatter(folds, np.full(len(folds), y - 0.2), s=26, c=colours, alpha=0.75, linewidth=0)
    if row.folds:
        ends = (row.folds.low, row.folds.high)
        axes.plot(ends, (y + 0.04, y + 0.04), color=_PALE, linewidth=5, solid_capstyle="butt")
    axes.plot((row.tiles.low, row.tiles.high), (y + 0.2, y + 0.2), "|-", color=_DARK, linewidth=1)
    axes.plot(row.mean, y + 0.04, "D", color=_DARK, markeredgecolor="white", markersize=7)


def _by_sign(differences: Iterable[float], pair: tuple[str, str]) -> list[str]:
    """The colour of the better one for each difference, grey where they are equal."""
    return [pair[0] if one > 0 else pair[1] if one < 0 else _PALE for one in differences]


def _ends(row: Difference) -> list[float]:
    folds = [row.folds.low, row.folds.high] if row.folds else []
    return [row.tiles.low, row.tiles.high, *folds, *row.by_fold]


def _explain_marks(figure: Figure, *, folds: bool) -> None:
    marks = [
        Line2D([], [], color=_PALE, marker="o", linestyle="", markersize=5, label="one fold"),
        Line2D([], [], color=_DARK, marker="D", linestyle="", label="mean of folds"),
        Line2D([], [], color=_PALE, linewidth=5, label="networks trained anew"),
        Line2D([], [], color=_DARK, linewidth=1, marker="|", label="these networks, new tiles"),
    ]
    shown = marks if folds else [*marks[:2], marks[3]]
    figure.legend(handles=shown, loc="outside lower center", ncols=len(shown))


@rc_context(STYLE)
def class_scores(comparison: Comparison, colours: Mapping[str, str] | None = None) -> str:
    """Draw map_iou by coverage class, the difference with its interval, and the count of tiles.

    Args:
        comparison: Its `classes` may lack classes without tiles.
        colours: Of the contestants by label.
    """
    pair = pair_colours(comparison.first, comparison.second, colours)
    table = comparison.classes
    figure = Figure(figsize=(9.4, 5.2), layout="constrained")
    scores, difference, tiles = figure.subplots(3, 1, sharex=True, height_ratios=(3, 2.2, 1))
    for place, (side, label) in enumerate(
        (("first", comparison.first), ("second", comparison.second))
    ):
        # Beside each other, so that equal scores hide nothing.
        x = table["coverage_class"] + (-0.12, 0.12)[place]
        colour, marker = pair[place], MARKERS[place]
        scores.plot(x, table[side], linestyle=DASHES[place], linewidth=0.9, color=colour, alpha=0.5)
        scores.plot(x, table[side], marker, color=colour, markersize=6, label=shorten(label))
    scores.set(ylabel="map_iou", ylim=(-0.05, 1.05))
    scores.legend(loc="upper center", bbox_to_anchor=(0.5, 1.2), ncols=2)
    _class_differences(difference, table, pair)
    tiles.bar(table["coverage_class"], table["tiles"], width=0.62, color="0.75")
    for x, count in zip(table["coverage_class"], table["tiles"], strict=True):
        tiles.annotate(f"{count}", (x, count), (0, 2), textcoords="offset points", ha="center")
    tiles.set(ylabel="tiles", xlabel="coverage class: 0 = no salt, 10 = salt on over 90 %")
    tiles.set(xticks=range(11), xlim=(-0.6, 10.6), yticks=[])
    tiles.margins(y=0.35)
    tiles.grid(visible=False)
    figure.align_ylabels()
    names = f"{comparison.first} and {comparison.second}"
    return to_svg(figure, f"map_iou of {names} by coverage class, and their difference")


def _class_differences(axes: Axes, table: pd.DataFrame, pair: tuple[str, str]) -> None:
    axes.axhline(0, color=_DARK, linewidth=1)
    x, y = table["coverage_class"], table["difference"]
    axes.vlines(x, table["low"], table["high"], color=_PALE, linewidth=1.4)
    axes.scatter(x, y, s=34, c=_by_sign(y, pair), zorder=3)
    limit = 1.1 * max(0.01, *table[["difference", "low", "high"]].abs().max())
    axes.set(ylim=(-limit, limit), ylabel="difference")
