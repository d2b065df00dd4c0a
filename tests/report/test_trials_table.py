"""The table of a search's trials."""

from rich.console import Console

from saltseg.report.search import TrialRow, trials_table


def row(name: str, state: str, score: float | None, watched: float | None) -> TrialRow:
    values = {"train.cosine.warmup": "0.1", "model.dropout": "0.2", "train.dropout": "0.3"}
    return TrialRow(name, state, score, watched, epochs=4, seconds=61.4, values=values)


def test_the_best_come_first_and_those_without_score_last() -> None:
    rows = [
        row("a", "failed", None, None),
        row("b", "pruned", None, 0.3),
        row("c", "done", 0.5, 0.61),
        row("d", "pruned", None, 0.4),
        row("e", "done", 0.6, 0.6),
    ]
    console = Console(width=200)
    with console.capture() as captured:
        console.print(trials_table(rows))
    _, _, *lines = [line for line in captured.get().splitlines() if line.strip()]
    assert [line.split()[0] for line in lines] == ["e", "c", "d", "b", "a"]
    shown = "e done 0.600 0.600 4 61 warmup=0.1 model.dropout=0.2 train.dropout=0.3"
    assert lines[0].split() == shown.split()
    assert lines[-1].split()[:4] == ["a", "failed", "-", "-"]


def test_no_trials_are_no_rows() -> None:
    assert trials_table([]).row_count == 0
