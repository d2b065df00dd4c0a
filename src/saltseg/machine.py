"""What networks may compute in, and what the CPU of this machine can do by itself."""

import re
from pathlib import Path
from typing import Literal

Precision = Literal["float32", "mixed_bfloat16", "mixed_float16"]
"""What networks compute in, by Keras' names; the mixed ones keep variables in float32."""

Engine = Literal["tensorflow", "jax", "torch"]
"""What computes below Keras, by Keras' names."""

CPUINFO = Path("/proc/cpuinfo")

INSTRUCTIONS = {
    "avx2": "AVX2",
    "avx512f": "AVX-512",
    "avx512_vnni": "VNNI",
    "avx512_bf16": "AVX-512 bfloat16",
    "avx512_fp16": "AVX-512 float16",
    "amx_bf16": "AMX bfloat16",
    "amx_fp16": "AMX float16",
    "asimd": "NEON",
    "fphp": "float16",
    "sve": "SVE",
    "bf16": "bfloat16",
}
"""What arithmetic goes by, as Linux and as people call it: x86, then ARM."""

_NATIVE = {
    "mixed_bfloat16": {"avx512_bf16", "amx_bf16", "bf16"},
    "mixed_float16": {"avx512_fp16", "amx_fp16", "fphp"},
}


def cpu_model() -> str:
    """Its name; empty where the system does not say."""
    found = re.search(r"^model name\s*: *(.*)$", _cpuinfo(), re.MULTILINE)
    return found[1].strip() if found else ""


def cpu_instructions() -> list[str] | None:
    """Those of `INSTRUCTIONS` that it has, by Linux' names; None where the system does not say."""
    found = re.search(r"^(?:flags|Features)\s*: *(.*)$", _cpuinfo(), re.MULTILINE)
    return [name for name in INSTRUCTIONS if name in found[1].split()] if found else None


def emulated(precision: Precision, device: str) -> str | None:
    """Why a precision is slow here; None where it is not, or nothing is known.

    Args:
        precision: As `train.precision`.
        device: cpu or gpu.
    """
    known, native = cpu_instructions(), _NATIVE.get(precision)
    if device != "cpu" or known is None or native is None or native & set(known):
        return None
    return (
        f"train.precision: this CPU has no {precision.removeprefix('mixed_')} of its own and"
        " emulates it, which may take many times as long as float32; `saltseg doctor` measures it"
    )


def _cpuinfo() -> str:
    return CPUINFO.read_text() if CPUINFO.exists() else ""
