"""The table of plans, and what is said of it."""

import pytest

from saltseg.comparison.trial import Trial
from saltseg.report.plans import plan_report


def test_the_fewest_that_reach_the_power_are_marked() -> None:
    table, sentences = plan_report(Trial(0.006, 5), 0.02, 420.0, 3)
    rows = {row[0]: row[1:] for row in table.rows}
    assert table.header == ("plan", "trainings", "0.02 better", "0 practically equal", "time")
    assert rows["5 folds x 4 divisions"] == ("20", "0.82 *", "0.80 *", "2.3 h")
    assert rows["10 folds x 2 divisions"][:2] == ("20", "0.80  ")
    assert sum("*" in cell for row in table.rows for cell in row) == 2
    assert sentences == [
        "To call a true difference of 0.02 better with 80 % power: 5 folds x 4 divisions, 2.3 h for"
        " each network.",
        "To call two without a difference practically equal with 80 % power: 5 folds x 4 divisions,"
        " 2.3 h for each network.",
        "Seen over 3 folds the spread may in truth be 0.00312 to 0.0377 (95 % interval): try both"
        " ends.",
    ]


def test_where_no_plan_reaches_the_power() -> None:
    table, sentences = plan_report(Trial(0.03, 5, 0.0), 0.02, None, None)
    assert table.header[-1] == "0 practically equal"
    assert {row[-1] for row in table.rows} == {"none"}
    assert not any("*" in cell for row in table.rows for cell in row)
    none, tiles = sentences
    assert none == (
        "To call a true difference of 0.02 better with 80 % power: none up to 10 folds x 10"
        f" divisions, whose best has {Trial(0.03, 5, 0.0).at(10).better(0.02, 100):.2f}."
    )
    assert tiles == (
        "5 folds of 14 times as many tiles would do, were the spread that of tiles alone."
    )


@pytest.mark.parametrize("rope", [0.01, 0.005])
def test_the_title_says_what_it_is_of(rope: float) -> None:
    table, _ = plan_report(Trial(0.03, 8, rope), 0.02, None, None)
    assert table.title.startswith(f"Power at a spread of 0.03 over 8 folds, --rope {rope:g}; *: ")
    assert len(table.title) <= 80
    assert len(table.rows) == 30
