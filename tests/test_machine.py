"""What is said of a CPU, from what Linux says of it."""

from pathlib import Path

import pytest

from saltseg import machine
from saltseg.machine import Precision, cpu_instructions, cpu_model, emulated

INTEL = (
    "processor\t: 0\nmodel name\t: Some Xeon\nflags\t\t: fpu avx2 avx512f avx512_bf16 amx_bf16\n"
)
AMD = "processor\t: 0\nmodel name\t: Some EPYC\nflags\t\t: fpu avx2 avx512fish\n"
ARM = "processor\t: 0\nFeatures\t: fp asimd fphp sve bf16\n"


@pytest.fixture
def cpu(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "cpuinfo"
    monkeypatch.setattr(machine, "CPUINFO", file)
    if request.param:
        file.write_text(request.param)


@pytest.mark.parametrize(
    ("cpu", "name", "instructions"),
    [
        (INTEL, "Some Xeon", ["avx2", "avx512f", "avx512_bf16", "amx_bf16"]),
        (AMD, "Some EPYC", ["avx2"]),
        (ARM, "", ["asimd", "fphp", "sve", "bf16"]),
        (None, "", None),
    ],
    indirect=["cpu"],
)
def test_name_and_instructions(cpu: None, name: str, instructions: list[str] | None) -> None:
    assert cpu_model() == name
    assert cpu_instructions() == instructions


@pytest.mark.parametrize(
    ("cpu", "precision", "slow"),
    [
        (INTEL, "mixed_bfloat16", False),
        (INTEL, "mixed_float16", True),
        (AMD, "float32", False),
        (AMD, "mixed_bfloat16", True),
        (ARM, "mixed_bfloat16", False),
        (ARM, "mixed_float16", False),
        (None, "mixed_bfloat16", False),  # nothing is known, so nothing is said
    ],
    indirect=["cpu"],
)
def test_emulated_precisions_are_told(cpu: None, precision: Precision, slow: bool) -> None:
    told = emulated(precision, "cpu")
    assert bool(told) is slow
    if told:
        assert precision.removeprefix("mixed_") in told
        assert "saltseg doctor" in told
    assert emulated(precision, "gpu") is None
