"""The same sections in forms that the world also uses: the masks of the clean file, or one line."""

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import pytest

from saltseg.errors import DataError
from saltseg.inference.sections import Reading
from tests.inference.sample import model_of
from tests.inference.test_found import quiet
from tests.inference.test_job import run
from tests.inference.test_segy import grid, write_segy

LOOSE = 0.02
SECTIONS, SAMPLES, TRACES = 3, 120, 160


def cube() -> np.ndarray:
    """Layers with a quiet body, (sections, samples, traces) float32, mostly within 1000 of zero."""
    rng, body = np.random.default_rng(0), np.zeros((SAMPLES, TRACES), np.float32)
    cv2.ellipse(body, (90, 60), (40, 25), 0, 0, 360, 1.0, -1)
    waves = np.cos(np.arange(SAMPLES) / 2.5 + rng.normal(0, 0.3, (SECTIONS, TRACES, 1)))
    layers = waves.swapaxes(1, 2) * rng.normal(500, 150, (SECTIONS, SAMPLES, 1))
    noise = rng.normal(0, 40, layers.shape)
    return (layers * (1 - 0.95 * body) + noise * (1 - 0.9 * body)).astype(np.float32)


def holed(value: float) -> np.ndarray:
    """Beside the body."""
    numbers = cube()
    numbers[:, :30, :50] = value
    return numbers


def grey() -> np.ndarray:
    return np.clip(127.5 + cube() / 8, 0, 255)


CASES: dict[str, tuple[Callable[[], np.ndarray], str]] = {
    "1e30": (lambda: holed(1e30), "1e+30"),
    "-9999": (lambda: holed(-9999), "-9999"),
    "-999.25": (lambda: holed(-999.25), "-999.25"),
    "zeros": (lambda: holed(0), "0 (7.8%)"),
    "nan": (lambda: holed(np.nan), "NaN"),
    "int16": (lambda: cube().astype(np.int16), ""),
    "int16 with -32768": (lambda: holed(-32768).astype(np.int16), "-32768"),
    "uint8": (lambda: grey().round().astype(np.uint8), ""),
    "uint16": (lambda: (257 * grey()).astype(np.uint16), "grey levels from 0 to 65535"),
    "0 to 255": (grey, "grey levels from 0 to 255"),
    "0 to 1": (lambda: grey() / 255, "grey levels from 0 to 1"),
    "offset": (lambda: cube() + 400, "amplitudes around"),
    "big endian": (lambda: cube().astype(">f4"), ""),
    "louder to one side": (lambda: cube() * np.linspace(1, 2, TRACES, dtype=np.float32), ""),
    "fading": (lambda: cube() * np.geomspace(1, 0.5, SAMPLES, dtype=np.float32)[:, None], ""),
}
IN_SEGY = {"1e30": 5, "-9999": 1, "zeros": 5, "nan": 5, "int16": 3, "uint8": 16, "fading": 1}
MODEL = model_of(quiet)


def coverage(path: Path, axes: str | None = None) -> float:
    table = run(path.with_suffix(".out"), [path], MODEL, reading=Reading(axes=axes))
    assert len(table) == SECTIONS
    return float(table["coverage"].mean())


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory) -> float:
    path = tmp_path_factory.mktemp("clean") / "v.npy"
    np.save(path, cube())
    found = coverage(path)
    assert 0.08 < found < 0.25
    return found


@pytest.mark.parametrize("case", CASES)
def test_arrays(
    tmp_path: Path, clean: float, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    make, said = CASES[case]
    np.save(tmp_path / "v.npy", make())
    assert coverage(tmp_path / "v.npy") == pytest.approx(clean, abs=LOOSE)
    told = capsys.readouterr().err
    assert said in told
    assert len(told.splitlines()) == bool(said)


@pytest.mark.parametrize("case", IN_SEGY)
def test_segy(tmp_path: Path, clean: float, case: str, capsys: pytest.CaptureFixture[str]) -> None:
    traces = CASES[case][0]().swapaxes(1, 2).reshape(-1, SAMPLES)
    places = grid(range(SECTIONS), range(TRACES))
    write_segy(tmp_path / "v.sgy", traces, places, kind=IN_SEGY[case])
    assert coverage(tmp_path / "v.sgy") == pytest.approx(clean, abs=LOOSE)
    assert len(capsys.readouterr().err.splitlines()) == bool(CASES[case][1])


def test_depth_last(tmp_path: Path, clean: float, capsys: pytest.CaptureFixture[str]) -> None:
    np.save(tmp_path / "v.npy", cube().swapaxes(1, 2))
    coverage(tmp_path / "v.npy")
    assert "its third axis looks like depth" in capsys.readouterr().err
    (tmp_path / "v.npy").rename(tmp_path / "w.npy")
    assert coverage(tmp_path / "w.npy", axes="ixd") == pytest.approx(clean, abs=LOOSE)
    assert np.load(tmp_path / "w.out/w.mask.npy").shape == (SECTIONS, TRACES, SAMPLES)


def test_what_may_be_either_is_one_line(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", np.abs(cube()))
    with pytest.raises(DataError, match=r"v.npy: all samples are on one side of zero"):
        coverage(tmp_path / "v.npy")
