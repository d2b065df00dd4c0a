"""Our settings of Keras hold whatever a machine says; cores are those that we may use."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import keras
import pytest

from saltseg.errors import EngineError
from saltseg.training.runtime import engine_facts, import_engine
from tests.pipeline.test_faults import HAS_NAMESPACES

FOREIGN = {
    "backend": "torch",
    "image_data_format": "channels_first",
    "floatx": "float64",
    "epsilon": 0.1,
    "nnx_enabled": True,
}
NETWORK = """
import os
from saltseg.training.runtime import prepare_engine
prepare_engine(seed=1, threads=1)
import keras
from saltseg.nets.encoders import build_backbone
from saltseg.backbones import backbone_row
network = build_backbone(backbone_row("plain"), 32, 2)
config = keras.config
print(config.backend(), config.epsilon(), config.max_epochs(), config.dtype_policy().name)
print(os.environ["TF_ENABLE_ONEDNN_OPTS"])
print(network.output_shape, network.weights[0].shape, network.weights[0].dtype)
"""
MAPPED = """
import ctypes
from saltseg.training.runtime import prepare_engine
prepare_engine(seed=1, threads=1)
class Info(ctypes.Structure):
    _fields_ = [(name, ctypes.c_size_t) for name in ("arena", "free", "fast", "mapped", *"abcdef")]
library = ctypes.CDLL(None)
library.mallinfo2.restype, library.malloc.restype = Info, None
before = library.mallinfo2().mapped
library.malloc(ctypes.c_size_t(32 * 2**20))
print(library.mallinfo2().mapped - before)
"""
IMPORT = """
from saltseg.errors import one_line_errors
from saltseg.training.runtime import import_engine
with one_line_errors("train"):
    import_engine()
"""
QUOTA = """
mount -t tmpfs none /sys/fs/cgroup
echo '50000 100000' > /sys/fs/cgroup/cpu.max
"$@"
"""
CORES = "from saltseg.training import runtime; print(runtime._cores(None))"


def run(script: str, home: Path, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        (sys.executable, "-c", script),
        env=os.environ | {"KERAS_HOME": str(home)} | env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_settings_of_the_machine_are_overruled(tmp_path: Path) -> None:
    (tmp_path / "keras.json").write_text(json.dumps(FOREIGN))
    done = run(NETWORK, tmp_path, KERAS_BACKEND="jax", KERAS_MAX_EPOCHS="1", KERAS_NNX_ENABLED="1")
    assert done.stdout.splitlines() == [
        "tensorflow 1e-07 None float32",
        "1",
        "(None, 1, 1, 128) (3, 3, 2, 16) float32",
    ]
    assert done.stderr.splitlines() == [
        "KERAS_BACKEND=jax is ignored; see docs/reliability.md",
        "KERAS_MAX_EPOCHS=1 is ignored; see docs/reliability.md",
    ]


@pytest.mark.parametrize("content", ["[1]", '{"floatx": "bfloat16"}'])
def test_a_settings_file_that_keras_cannot_read_is_named(tmp_path: Path, content: str) -> None:
    (tmp_path / "keras.json").write_text(content)
    done = run(IMPORT, tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith(f"train: {tmp_path}/keras.json: Keras cannot be imported (")
    assert done.stderr.count("\n") == 1


def test_what_imported_keras_before_keeps_its_settings_and_is_told() -> None:
    """As in a notebook, whose networks must not change under its hands."""
    keras.config.set_image_data_format("channels_first")
    try:
        with pytest.raises(EngineError) as caught:
            import_engine()
        assert keras.config.image_data_format() == "channels_first"
    finally:
        keras.config.set_image_data_format("channels_last")
    assert str(caught.value) == (
        "Keras was imported before, with image_data_format channels_first; saltseg needs"
        " channels_last: set it so, or use saltseg before Keras is imported"
    )


def test_an_engine_that_cannot_be_imported_is_one_line(tmp_path: Path) -> None:
    done = run(IMPORT, tmp_path, PROTOCOL_BUFFERS_PYTHON_IMPLEMENTATION="cpp")
    assert done.returncode == 1
    assert done.stderr.startswith("train: Keras on tensorflow cannot be imported (cannot import")
    assert done.stderr.count("\n") == 1


def test_variables_that_change_the_rounding_are_facts(monkeypatch: pytest.MonkeyPatch) -> None:
    """So a training begun without them is not gone on with, nor recorded as if they were not."""
    assert engine_facts(2)["engine_options"] == "none"
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.setenv("ONEDNN_MAX_CPU_ISA", "AVX2")
    found = engine_facts(2)["engine_options"]
    assert found == "ONEDNN_MAX_CPU_ISA=AVX2 TF_ENABLE_ONEDNN_OPTS=0"


def test_the_reason_why_tensorflow_ends_the_process_is_seen(tmp_path: Path) -> None:
    done = run(NETWORK, tmp_path, TF_XLA_FLAGS="--tf_no_such=1")
    assert done.returncode != 0
    assert "Unknown flag in TF_XLA_FLAGS: --tf_no_such=1" in done.stderr


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity on this system")
def test_cores_are_those_this_process_may_use() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        assert engine_facts(None)["threads"] == "1"
        assert engine_facts(3)["threads"] == "3"
    finally:
        os.sched_setaffinity(0, before)


@pytest.mark.skipif(not HAS_NAMESPACES, reason="no mount namespaces here")
def test_the_quota_of_a_container_counts() -> None:
    """Half a core is one thread, however many the machine has."""
    command = ("unshare", "-rm", "bash", "-ec", QUOTA, "bash", sys.executable, "-c", CORES)
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.stdout == "1\n", done.stderr


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="a matter of glibc")
def test_memory_of_large_tensors_is_not_asked_for_each_time() -> None:
    run = subprocess.run((sys.executable, "-c", MAPPED), capture_output=True, text=True, check=True)
    assert run.stdout.splitlines()[-1] == "0"
