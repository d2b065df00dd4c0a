"""The report as printed."""

import io
from dataclasses import replace

import pytest
from rich.console import Console

from saltseg.comparison.networks import Contestant, compare
from saltseg.comparison.spread import spread
from saltseg.report.findings import Findings
from saltseg.report.spread import spread_sentence, spread_table
from saltseg.report.terminal import print_report
from tests.report.sample import LONG, UNKNOWN, comparison, contestant, uneven, with_holdout

SETTINGS = [("backbone", ("resnet50", "vgg16")), ("train.epochs", ("10", "60"))]


def printed(*contestants: Contestant, warnings: tuple[str, ...] = ()) -> str:
    first, *others = contestants
    out = io.StringIO()
    comparisons = [compare(first, other, comparisons=len(others)) for other in others]
    print_report(
        Console(file=out, width=80), Findings(contestants, comparisons, SETTINGS, warnings)
    )
    return out.getvalue()


@pytest.fixture(scope="module")
def text() -> str:
    return printed(contestant("resnet50", 0.05), contestant(LONG, cost=UNKNOWN))


def test_everything_fits_80_columns_uncut(text: str) -> None:
    lines = text.splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in text
    assert text.count(LONG) >= 3
    scores, _ = [line for line in lines if line.startswith(" score")]
    assert scores.split() == [
        "score",
        "A",
        "B",
        "A",
        "−",
        "B",
        "over",
        "tiles",
        "over",
        "folds",
        "p",
    ]


def test_what_differs_stands_above_and_the_verdict_last(text: str) -> None:
    differs, scores = text.index("train.epochs"), text.index("map_iou")
    assert differs < scores < text.index("these trained networks, new tiles")
    assert text.strip().endswith("weak evidence).")


def test_numbers_are_those_of_the_comparison(text: str) -> None:
    first, second = contestant("resnet50", 0.05), contestant(LONG, cost=UNKNOWN)
    map_iou = compare(first, second).differences[0]
    line, chances = [line for line in text.splitlines() if line.startswith(" map_iou")]
    assert line.split()[1:4] == [f"{map_iou.first:.3f}", f"{map_iou.second:.3f}", "+0.052"]
    assert f"+{map_iou.tiles.low:.3f} .. +{map_iou.tiles.high:.3f}" in line
    assert chances.split()[1:] == ["none"] * 3  # its folds all differ alike
    assert "none: a single fold or tile" in text


def test_costs_that_nothing_recorded(text: str) -> None:
    (time,) = [line for line in text.splitlines() if "seconds per epoch" in line]
    assert time.split()[3:] == ["1.9", "not", "recorded"]


def test_one_fold_a_warning_and_markup_in_names() -> None:
    one = printed(
        contestant("[red]x", 0.05, folds=1), contestant("y", folds=1), warnings=("the data differ",)
    )
    assert one.startswith("Warning: the data differ")
    assert "[red]x" in one
    assert "none" in one


def test_itself_is_exactly_zero() -> None:
    one = contestant("x")
    text = printed(one, one)
    line, chances = [line for line in text.splitlines() if line.startswith(" map_iou")]
    assert line.split()[3:] == ["0", "0", "..", "0", "0", "..", "0", "1.000"]
    assert chances.split()[1:] == ["under", "0.01", "over", "0.99", "under", "0.01"]
    assert "exactly zero" in text
    assert "none" not in text.partition("Out-of-fold")[2]


def test_a_small_p_does_not_read_as_zero() -> None:
    pair = contestant("x", 0.1), contestant("y")
    compared = comparison(*pair)
    first, *others = compared.differences
    sure = replace(compared, differences=(replace(first, p_value=2e-5), *others))
    out = io.StringIO()
    print_report(Console(file=out, width=80), Findings(pair, [sure], SETTINGS))
    line, _ = [line for line in out.getvalue().splitlines() if line.startswith(" map_iou")]
    assert line.split()[-1] == "<0.001"


def test_several_are_each_held_against_the_first() -> None:
    text = printed(contestant("a", 0.1), contestant("b"), contestant("c"))
    assert "A = a, B = b" in text
    assert "A = a, B = c" in text
    assert "97.5 % intervals" in text


def test_what_it_would_take_stands_below_an_undecided_verdict() -> None:
    pair = uneven(contestant("a")), contestant("b")
    expected = compare(*pair)
    assert expected.verdict.startswith("Undecided")
    said = " ".join(printed(*pair).split())
    assert said.endswith(f"{expected.verdict} {expected.outlook}")


def test_where_the_spread_comes_from_stands_beside_runs_of_several_seeds(text: str) -> None:
    pair = uneven(contestant("a")), contestant("b")
    chance, out = spread([one.tiles for one in pair], 5), io.StringIO()
    console = Console(file=out, width=80)
    print_report(console, Findings(pair, [compare(*pair)], SETTINGS, chance=chance))
    assert spread_table(chance).title in " ".join(out.getvalue().split())
    assert spread_sentence(chance) in " ".join(out.getvalue().split())
    assert "standard deviation" not in text


def test_holdout_has_a_table_and_a_sentence() -> None:
    pair = [with_holdout(contestant("a", 0.05)), with_holdout(contestant("b"))]
    text = printed(*pair)
    difference = compare(*pair).holdout[0]
    (title,) = [line for line in text.splitlines() if line.startswith("Hold-out of 30 tiles")]
    assert "95 % interval" in title
    below = text[text.index(title) :]
    assert f"{difference.first:.3f}  {difference.second:.3f}" in below
    assert "On the hold-out of 30 tiles" in " ".join(below.split())
    assert "Hold-out of" not in printed(contestant("a"), contestant("b"))
