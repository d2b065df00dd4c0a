import io
import time

import pytest
from rich.console import Console

from saltseg.fanout.board import Board


def test_without_a_terminal_each_epoch_is_a_line() -> None:
    printed = io.StringIO()
    with Board(Console(file=printed, width=60), ["plain-0", "plain-1"]) as board:
        board.begin("plain-0", "this machine")
        board.see("plain-0", 1, 3, 0.25)
        board.see("plain-0", 1, 3, 0.25)
        board.end("plain-0", "")
        board.end("plain-1", "no room; see plain-1.log")
    assert printed.getvalue().splitlines() == [
        "plain-0: begins, this machine",
        "plain-0: epoch 1/3  val_map_iou 0.250",
        "plain-0: done",
        "plain-1: failed, no room; see plain-1.log",
    ]


def test_the_table_holds_all_folds_and_the_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [100.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    printed = io.StringIO()
    console = Console(file=printed, width=90)
    board = Board(console, ["plain-0", "plain-1"])
    board.begin("plain-0", "node-a")
    board.see("plain-0", 4, 10, 0.5)  # it went on after three: the pace is that of what comes now
    now[0] = 130.0
    board.see("plain-0", 5, 10, 0.6)
    now[0] = 140.0
    printed.truncate(0)
    console.print(board.table())
    rows = [line.split() for line in printed.getvalue().splitlines() if "│" in line]
    assert [cell for cell in rows[0] if cell not in "│┃"] == [
        "plain-0",
        "node-a",
        "trains",
        "5/10",
        "0.600",
        "2:20",
    ]
    assert [cell for cell in rows[1] if cell not in "│┃"] == ["plain-1", "waits"]
