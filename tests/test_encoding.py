"""Whatever a command prints can be printed, also where the encoding knows no ± or minus."""

import io
import sys

import pytest
from rich.console import Console

from saltseg.comparison.networks import compare
from saltseg.encoding import print_anywhere
from saltseg.report.findings import Findings
from saltseg.report.tables import differences_table
from saltseg.report.terminal import print_report
from tests.report.sample import contestant


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "cp1252"])
def test_a_report_in_any_encoding(encoding: str, monkeypatch: pytest.MonkeyPatch) -> None:
    streams = [io.TextIOWrapper(io.BytesIO(), encoding) for _ in range(2)]
    for stream, name in zip(streams, ("stdout", "stderr"), strict=True):
        monkeypatch.setattr(sys, name, stream)
    print_anywhere()
    pair = contestant("größe", 0.05), contestant("b")
    found = compare(*pair)
    print_report(Console(width=80), Findings(pair, [found]))
    print("0.5 ± 0.1 – 中…", file=sys.stderr)
    for stream in streams:
        stream.flush()
    printed, told = (stream.buffer.getvalue().decode(encoding) for stream in streams)
    assert differences_table(found).title.replace("−", "-") in printed
    assert f"A = {'gr??e' if encoding == 'ascii' else 'größe'}, B = b" in printed
    assert (
        told.strip()
        == {
            "ascii": "0.5 +- 0.1 - ?...",
            "latin-1": "0.5 ± 0.1 - ?...",
            "cp1252": "0.5 ± 0.1 – ?…",
        }[encoding]
    )
