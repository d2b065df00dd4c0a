"""What is printed about stages that ran anew."""

from rich.console import Console

from saltseg.report.reproduction import reproduction_table, reproduction_verdict

SAME = {"split": [], "evaluate": []}
OTHER = SAME | {"train@plain-0": ["models/plain/fold-0", "x"]}


def test_table_says_by_stage_what_differs() -> None:
    console = Console(record=True, width=100, quiet=False)
    with console.capture() as printed:
        console.print(reproduction_table(OTHER))
    lines = [" ".join(line.split()) for line in printed.get().splitlines()]
    assert "split identical" in lines
    assert "train@plain-0 differ: models/plain/fold-0, x" in lines


def test_verdict_counts_stages() -> None:
    assert reproduction_verdict(SAME) == "identical: 2 of 2 stages gave the very bytes of dvc.lock"
    assert reproduction_verdict(OTHER) == "1 of 3 stages gave other bytes than dvc.lock recorded"
