"""Figures of a comparison: SVG text that can stand beside others in one page."""

import re
from dataclasses import replace
from xml.etree import ElementTree

import pandas as pd
import pytest
from matplotlib import rc_context
from matplotlib.figure import Figure

from saltseg.comparison.networks import Contestant
from saltseg.comparison.posterior import Chances, Interval, Posterior
from saltseg.figures.comparison import (
    _BY_NAME,
    _gains,
    class_scores,
    fold_differences,
    iou_curves,
)
from saltseg.figures.posterior import posterior_figure
from saltseg.figures.svg import STYLE, colours_of, to_svg
from tests.report.sample import LONG, comparison, contestant

pytestmark = pytest.mark.filterwarnings("error")


def figures(first: Contestant, second: Contestant) -> list[str]:
    compared = comparison(first, second)
    drawn = [iou_curves([first, second]), fold_differences(compared), class_scores(compared)]
    return [*drawn, posterior_figure(compared)] if compared.differences[0].posterior else drawn


@pytest.fixture(scope="module")
def drawn() -> list[str]:
    return figures(contestant("resnet50", 0.05), contestant(LONG))


def ids(svg: str) -> set[str]:
    return set(re.findall(r'\bid="([^"]+)"', svg))


def test_every_figure_is_one_described_element_that_loads_nothing(drawn: list[str]) -> None:
    for svg in drawn:
        root = ElementTree.fromstring(svg)
        assert root.tag.endswith("svg")
        assert root.get("role") == "img"
        assert "resnet50" in str(root.get("aria-label"))
        used = re.findall(r'(?:href|src)="([^"]*)"', svg)
        assert used
        assert all(target.startswith("#") for target in used)
        assert {target[1:] for target in used} <= ids(svg)


def test_ids_of_several_figures_do_not_collide(drawn: list[str]) -> None:
    every = [ids(svg) for svg in drawn]
    assert all(every)
    assert len(set.union(*every)) == sum(map(len, every))


def test_the_same_twice(drawn: list[str]) -> None:
    assert figures(contestant("resnet50", 0.05), contestant(LONG)) == drawn


def test_noise_of_the_layout_is_not_written() -> None:
    """Its solver sums in the order of memory addresses: the last digits change by chance."""
    pictures = set()
    for noise in (0, 1e-12, -1e-12):
        with rc_context(STYLE):
            figure = Figure()
            figure.add_axes((0.1, 0.1 + noise, 0.8, 0.8)).plot([1, 2])
            pictures.add(to_svg(figure, "noise"))
    assert len(pictures) == 1


def test_labels_are_text_not_markup_nor_formula() -> None:
    for svg in figures(contestant("<b>&$x$"), contestant("other")):
        assert "<b>" not in svg
        assert "&lt;b&gt;&amp;$x$" in svg


def test_numbers_decide_what_is_drawn(drawn: list[str]) -> None:
    first, second = contestant("resnet50", 0.05), contestant(LONG)
    compared = comparison(first, second)
    halved = replace(compared.differences[0], mean=compared.differences[0].mean / 2)
    other = replace(compared, differences=(halved, *compared.differences[1:]))
    assert fold_differences(other) != drawn[1]
    fewer = replace(compared, classes=compared.classes.iloc[:5])
    assert class_scores(fewer) != drawn[2]
    assert iou_curves([first, contestant(LONG, 0.2)]) != drawn[0]
    assert posterior_figure(replace(compared, rope=0.02)) != drawn[3]


def test_equal_scores_are_in_nobody_s_colour() -> None:
    colours = colours_of(("a", "b")).values()
    for svg in figures(contestant("a"), contestant("b"))[1:]:
        first, second = (svg.count(f"fill: {colour}") for colour in colours)
        assert first == second > 0


def test_one_fold_has_no_interval_over_folds(drawn: list[str]) -> None:
    pair = contestant("resnet50", 0.05, folds=1), contestant(LONG, folds=1)
    curves, difference, _ = figures(*pair)
    assert "networks trained anew" in drawn[1]
    assert "networks trained anew" not in difference
    assert curves.startswith("<svg")


def test_the_posterior_shows_the_three_chances_in_their_colours() -> None:
    compared = comparison(contestant("a", 0.05), contestant("b"))
    sure = Posterior(0.05, 0.01, 4)
    row = replace(compared.differences[0], posterior=sure, chances=Chances(0.9, 0.08, 0.02))
    svg = posterior_figure(replace(compared, differences=(row,)))
    places = [svg.index(f">{text}<") for text in ("b better: 0.02", "practically equal: 0.08")]
    assert places[0] < places[1] < svg.index(">a better: 0.90<")
    assert all(f"fill: {colour}" in svg for colour in colours_of(("a", "b")).values())
    identical = replace(row, posterior=None, chances=Chances(0, 1, 0))
    assert posterior_figure(replace(compared, differences=(identical,))) == ""


def test_curves_do_not_jump_where_a_fold_stops(monkeypatch: pytest.MonkeyPatch) -> None:
    one = contestant("a", folds=2)
    values = {(0, 1): 0.2, (0, 2): 0.4, (1, 1): 0.6}
    curves = pd.DataFrame(
        [(*place, x) for place, x in values.items()], columns=["fold", "epoch", "x"]
    )
    curves = curves.assign(**dict.fromkeys(("val_iou", "val_map_iou"), curves["x"]))
    shown: list[list[float]] = []
    monkeypatch.setattr(
        "saltseg.figures.comparison.to_svg",
        lambda figure, _: shown.extend(list(line.get_ydata()) for line in figure.axes[0].lines),
    )
    iou_curves([replace(one, curves=curves.drop(columns="x"))])
    assert shown[-1] == pytest.approx([0.4, 0.5])


def test_many_contestants() -> None:
    svg = iou_curves([contestant(f"network {n}", n / 50) for n in range(8)])
    assert all(f"network {n}" in svg for n in range(8))


def test_a_score_of_which_less_is_better_points_to_the_better(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    first, second = contestant("resnet50", 0.05), contestant(LONG)
    (row, *_) = comparison(first, second).differences
    assert _gains(row) is row
    less = {row.score: _BY_NAME[row.score]._replace(higher_is_better=False)}
    monkeypatch.setattr("saltseg.figures.comparison._BY_NAME", less)
    turned = _gains(row)
    assert (turned.mean, turned.tiles.low) == (-row.mean, -row.tiles.high)
    assert turned.by_fold.tolist() == (-row.by_fold).tolist()
    assert turned.folds == Interval(-row.folds.high, -row.folds.low)
