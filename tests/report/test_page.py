"""The report as a page, read as text; tests/browser looks at it in a browser."""

import json
import re
from pathlib import Path

import pytest

from saltseg.comparison.matrix import Matrix
from saltseg.comparison.networks import compare
from saltseg.comparison.posterior import Chances
from saltseg.comparison.spread import spread
from saltseg.report.findings import Findings
from saltseg.report.page import Gallery, write_page
from saltseg.report.spread import spread_sentence
from tests.report.sample import LONG, UNKNOWN, contestant, disputed, uneven, with_holdout


def write(path: Path, *labels: str, gallery: Gallery | None = None, folds: int = 3) -> str:
    first, *others = (contestant(label, n / 20, folds) for n, label in enumerate(labels))
    write_page(
        path,
        Findings(
            [first, *others],
            [compare(first, other) for other in others],
            [("backbone", labels)],
            ["the data <differ>"],
        ),
        gallery or Gallery(disputed(len(labels)), threshold=0.5),
        command="saltseg compare resnet50 'vgg16 x'",
    )
    return path.read_text()


def test_a_table_of_all_pairs_stands_on_the_page(tmp_path: Path) -> None:
    three = [contestant(label, place / 20, 3) for place, label in enumerate(("<a>", "b", "c"))]
    chances = Chances(0.25, 0.5, 0.25)
    matrix: Matrix = [[None if row == column else chances for column in "abc"] for row in "abc"]
    path, gallery = tmp_path / "report.html", Gallery([], 0.5, "none")
    compared = [compare(three[0], other) for other in three[1:]]
    write_page(path, Findings(three, compared, matrix=matrix), gallery, command="x")
    page = path.read_text()
    assert "Each against each other" in page
    assert "&lt;a&gt;" in page
    assert page.count("0.25 (0.50)") == 6
    write_page(path, Findings(three, compared), gallery, command="x")
    assert "Each against each other" not in path.read_text()


@pytest.fixture
def page(tmp_path: Path) -> str:
    return write(tmp_path / "report.html", "resnet50", LONG)


def test_verdict_comes_first_and_all_parts_are_there(page: str) -> None:
    body = page[page.index("<body>") :]
    parts = ["<h1>", "Warning", 'class="verdict"', "What differs", "How much, and how sure"]
    parts += ["By salt coverage", "Learning curves", "What it costs", "Where they disagree most"]
    places = [body.index(part) for part in parts]
    assert places == sorted(places)
    assert "saltseg compare resnet50 &#39;vgg16 x&#39;" in body


def test_nothing_is_loaded_from_elsewhere(page: str) -> None:
    loads = re.findall(r'(?:src|href)\s*=\s*"([^"#][^"]*)"', page)
    assert loads == ["data:,"]
    assert "@import" not in page
    assert not re.findall(r"url\((?!#)", page)


def test_labels_cannot_become_markup(tmp_path: Path) -> None:
    page = write(tmp_path / "report.html", "<script>alert(1)</script>", "b")
    assert "<script>alert" not in page
    assert "the data &lt;differ&gt;" in page
    [data] = re.findall(r'<script id="data" type="application/json">(.*?)</script>', page)
    assert json.loads(data)["labels"] == ["<script>alert(1)</script>", "b"]


def test_ids_are_unique(page: str) -> None:
    found = re.findall(r'\bid="([^"]+)"', page)
    assert len(found) == len(set(found))


def test_without_tiles_the_reason_stands_there(tmp_path: Path) -> None:
    empty = Gallery([], 0.5, "They are gone.")
    page = write(tmp_path / "report.html", "a", "b", gallery=empty)
    assert "They are gone." in page
    assert 'id="threshold"' not in page


@pytest.mark.parametrize(("labels", "folds"), [(("a", "b", "c"), 3), (("a", "b"), 1)])
def test_three_networks_and_one_fold(tmp_path: Path, labels: tuple[str, ...], folds: int) -> None:
    page = write(tmp_path / "report.html", *labels, folds=folds)
    assert page.count('class="verdict"') == len(labels) - 1


def test_costs_that_nothing_recorded(tmp_path: Path) -> None:
    pair = [contestant("a", cost=UNKNOWN), contestant("b")]
    path = tmp_path / "report.html"
    write_page(path, Findings(pair, [compare(*pair)]), Gallery([], 0.5, "none"), command="x")
    assert path.read_text().count("not recorded") == 2


def test_what_it_would_take_stands_below_an_undecided_verdict(tmp_path: Path, page: str) -> None:
    pair = [uneven(contestant("a")), contestant("b")]
    path, compared = tmp_path / "report.html", compare(*pair)
    write_page(path, Findings(pair, [compared]), Gallery([], 0.5, "none"), command="x")
    assert f'<p class="note outlook">{compared.outlook}</p>' in path.read_text()
    assert 'class="note outlook"' not in page


def test_where_the_spread_comes_from_stands_beside_runs_of_several_seeds(
    tmp_path: Path, page: str
) -> None:
    pair = [uneven(contestant("a")), contestant("b")]
    path, chance = tmp_path / "report.html", spread([one.tiles for one in pair], 5)
    gallery = Gallery([], 0.5, "none")
    write_page(path, Findings(pair, [compare(*pair)], chance=chance), gallery, command="x")
    assert "Where the spread comes from" in path.read_text()
    assert f'<p class="note">{spread_sentence(chance)}</p>' in path.read_text()
    assert "Where the spread comes from" not in page


def test_holdout(tmp_path: Path, page: str) -> None:
    pair = [with_holdout(contestant("a", 0.05)), with_holdout(contestant("b"))]
    path = tmp_path / "report.html"
    write_page(path, Findings(pair, [compare(*pair)]), Gallery([], 0.5, "none"), command="x")
    assert "<caption>Hold-out of 30 tiles, all folds together; 95 %" in path.read_text()
    assert "Hold-out" not in page
