"""The report as Markdown: all tables, pictures beside it, and nothing that breaks a table."""

import re
import xml.etree.ElementTree as ET
from pathlib import Path

from saltseg.comparison.matrix import chances_matrix
from saltseg.comparison.networks import compare
from saltseg.comparison.spread import spread
from saltseg.report.findings import Findings
from saltseg.report.markdown import write_markdown
from tests.report.sample import contestant, uneven, with_holdout


def write(path: Path, *labels: str) -> str:
    first, *others = (contestant(label, n / 20) for n, label in enumerate(labels))
    first = uneven(first)
    compared = [compare(first, other) for other in others]
    matrix = chances_matrix([first, *others], 0.01) if len(others) > 1 else None
    found = Findings([first, *others], compared, [("backbone", labels)], ["it | differs"], matrix)
    write_markdown(path, found, "saltseg compare a b")
    return path.read_text()


def test_every_table_and_picture_stands_where_the_page_says(tmp_path: Path) -> None:
    page = write(tmp_path / "results.md", "resnet50", "vgg|16", "<plain>")
    assert page.startswith("# resnet50 against vgg\\|16 against \\<plain\\>\n")
    assert "`saltseg compare a b`" in page
    assert "Each against each other" in page
    for table in re.findall(r"(?:^\|.*\|\n)+", page, flags=re.MULTILINE):
        rows = [re.split(r"(?<!\\)\|", line) for line in table.splitlines()]
        assert len({len(row) for row in rows}) == 1
        assert set(rows[1][1:-1]) == {" --- "}
    pictures = re.findall(r"!\[[^]]+\]\(([^)]+)\)", page)
    assert len(pictures) == 7  # curves, and three of each pair
    for name in pictures:
        assert ET.parse(tmp_path / name).getroot().tag.endswith("svg")
    assert {path.name for path in (tmp_path / "images").iterdir()} == {
        Path(name).name for name in pictures
    }


def test_holdout_and_spread_where_there_are_any(tmp_path: Path) -> None:
    pair = [with_holdout(contestant("a")), with_holdout(contestant("b", 0.1))]
    chance = spread([one.tiles for one in pair], 5)
    path = tmp_path / "results.md"
    write_markdown(path, Findings(pair, [compare(*pair)], chance=chance), "x")
    page = path.read_text()
    assert "Hold-out of" in page
    assert "Where the spread comes from" in page
    assert "Each against each other" not in page
