import subprocess
import sys
from pathlib import Path

import pytest

from saltseg.experiments import Experiment, scores_table

SALTSEG = Path(sys.executable).parent / "saltseg"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SALTSEG, *arguments], cwd=folder, capture_output=True, text=True, check=False
    )


def test_help_lists_the_commands(tmp_path: Path) -> None:
    done = run(tmp_path, "--help")
    assert done.returncode == 0
    assert "scores" in done.stdout


def test_scores_outside_a_repository_is_one_line(tmp_path: Path) -> None:
    done = run(tmp_path, "scores")
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert "dvc.yaml" in done.stderr


def test_table_has_the_best_first_and_the_floor() -> None:
    from rich.console import Console

    def experiment(name: str, score: float) -> Experiment:
        scores = {key: {"mean": score, "std": 0.01} for key in ("map_iou", "iou")}
        network = {"parameters": 2_000_000, "gflops": 0.5}
        summary = scores | {"fold": {"0": {}, "1": {}}, "network": network, "empty_map_iou": 0.39}
        return Experiment(name, "plain", summary)

    console = Console(record=True, width=80, file=open("/dev/null", "w"))  # noqa: PTH123, SIM115
    console.print(scores_table([experiment("worse", 0.4), experiment("better", 0.6)]))
    text = console.export_text()
    assert text.index("better") < text.index("worse")
    assert "0.600 ± 0.010" in text
    assert "0.390" in text


@pytest.mark.parametrize("unknown", ["no-such-revision"])
def test_unknown_revision_is_one_line(unknown: str) -> None:
    done = run(Path(__file__).parents[1], "scores", unknown)
    assert done.returncode == 1
    assert len(done.stderr.strip().splitlines()) == 1
    assert unknown in done.stderr
