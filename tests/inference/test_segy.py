"""SEG-Y files: what sections they hold, and masks that keep their headers."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import segyio

from saltseg.errors import DataError
from saltseg.inference.segy.volume import Geometry, SegyVolume

SAMPLES = 30
HEADER = 3600


def write_segy(
    path: Path,
    traces: np.ndarray,
    places: Sequence[tuple[int, int]] | None = None,
    kind: int = 1,
    bytes_: tuple[int, int] = (189, 193),
) -> Path:
    """A file of traces, (traces, samples); inline and crossline of each in its header."""
    spec = segyio.spec()
    spec.format, spec.samples = kind, np.arange(traces.shape[1]) * 4.0
    spec.tracecount = len(traces)
    with segyio.create(path, spec) as file:
        file.text[0] = segyio.tools.create_text_header({1: "SURVEY OF A TEST"})
        for number, trace in enumerate(traces):
            iline, xline = places[number] if places else (0, 0)
            file.header[number] = {
                bytes_[0]: iline,
                bytes_[1]: xline,
                segyio.TraceField.SourceX: 1000 + number,
            }
            file.trace[number] = np.ascontiguousarray(trace, file.dtype)
    return path


def amplitudes(count: int) -> np.ndarray:
    return np.random.default_rng(0).normal(0, 1000, (count, SAMPLES)).astype(np.float32)


def grid(ilines: Sequence[int], xlines: Sequence[int]) -> list[tuple[int, int]]:
    return [(iline, xline) for iline in ilines for xline in xlines]


def test_inlines_are_sections(tmp_path: Path) -> None:
    traces = amplitudes(12)
    path = write_segy(tmp_path / "v.sgy", traces, grid([5, 7, 9], [1, 2, 3, 4]))
    volume = SegyVolume(path, 100, Geometry())
    assert volume.ids == ["v/inline-5", "v/inline-7", "v/inline-9"]
    grey = volume.read("v/inline-7")
    assert grey.shape == (SAMPLES, 4)
    loudest = np.abs(traces).max()
    np.testing.assert_allclose(grey, 127.5 * (1 + traces[4:8].T / loudest), atol=1)


def test_crosslines_where_the_file_is_sorted_so(tmp_path: Path) -> None:
    places = [(iline, xline) for xline in (1, 2) for iline in (5, 6, 7)]
    path = write_segy(tmp_path / "v.segy", amplitudes(6), places)
    assert SegyVolume(path, 99, Geometry()).ids == ["v/crossline-1", "v/crossline-2"]


def test_inlines_may_differ_in_length(tmp_path: Path) -> None:
    places = [(1, 1), (1, 2), (1, 3), (2, 2), (2, 3)]
    volume = SegyVolume(write_segy(tmp_path / "v.sgy", amplitudes(5), places), 99, Geometry())
    assert [volume.read(id_).shape[1] for id_ in volume.ids] == [3, 2]


def test_lines_may_change_direction(tmp_path: Path) -> None:
    places = [(1, 1), (1, 2), (1, 3), (2, 3), (2, 2), (2, 1)]
    path = write_segy(tmp_path / "v.sgy", amplitudes(6), places)
    assert SegyVolume(path, 99, Geometry()).ids == ["v/inline-1", "v/inline-2"]


def test_one_inline_is_one_section(tmp_path: Path) -> None:
    path = write_segy(tmp_path / "v.sgy", amplitudes(4), grid([8], [1, 2, 3, 4]))
    assert SegyVolume(path, 99, Geometry()).ids == ["v/inline-8"]


def test_a_lone_trace_at_the_edge_of_a_survey(tmp_path: Path) -> None:
    places = [(1, 1), (1, 2), (2, 1), (3, 1), (3, 2)]
    path = write_segy(tmp_path / "v.sgy", amplitudes(5), places)
    volume = SegyVolume(path, 99, Geometry())
    shapes = [volume.read(id_).shape for id_ in volume.ids]
    assert shapes == [(SAMPLES, 2)] * 3
    volume.write(lambda id_: np.full((SAMPLES, 2), int(id_[-1])), tmp_path / "out", True)
    with segyio.open(tmp_path / "out", ignore_geometry=True) as file:
        assert file.trace.raw[:][:, 0].tolist() == [1, 1, 2, 3, 3]


def test_the_other_byte_order(tmp_path: Path) -> None:
    traces = amplitudes(6)
    path, spec = tmp_path / "v.sgy", segyio.spec()
    spec.format, spec.samples, spec.tracecount = 5, np.arange(SAMPLES) * 4.0, 6
    spec.endian = "little"
    with segyio.create(path, spec) as file:
        for number, trace in enumerate(traces):
            file.header[number] = {189: 1 + number // 3, 193: number % 3}
            file.trace[number] = trace
    volume = SegyVolume(path, 100, Geometry())
    assert volume.ids == ["v/inline-1", "v/inline-2"]
    expected = 127.5 * (1 + traces[3:].T / np.abs(traces).max())
    np.testing.assert_allclose(volume.read("v/inline-2"), expected, atol=1)
    volume.write(lambda id_: np.ones((SAMPLES, 3)), tmp_path / "out", True)
    with segyio.open(tmp_path / "out", ignore_geometry=True, endian="little") as file:
        assert (file.trace.raw[:] == 1).all()


def test_the_lowest_integer_counts_as_loud(tmp_path: Path) -> None:
    traces = np.full((6, SAMPLES), 100)
    traces[2, 5] = -32768
    path = write_segy(tmp_path / "v.sgy", traces, grid([1, 2], [1, 2, 3]), kind=3)
    grey = SegyVolume(path, 100, Geometry()).read("v/inline-1")
    assert grey[5, 2] == 0
    assert (grey[0] == 128).all()


@pytest.mark.parametrize("byte", [0, 238, 240])
def test_bytes_that_begin_no_field_are_one_line(byte: int) -> None:
    with pytest.raises(DataError, match=f"--iline {byte}: no number"):
        Geometry(iline=byte)


def test_numbers_may_stand_elsewhere(tmp_path: Path) -> None:
    path = write_segy(tmp_path / "v.sgy", amplitudes(6), grid([1, 2], [1, 2, 3]), bytes_=(9, 21))
    assert SegyVolume(path, 99, Geometry(9, 21)).ids == ["v/inline-1", "v/inline-2"]
    with pytest.raises(DataError, match="bytes 189 and 193"):
        SegyVolume(path, 99, Geometry())


@pytest.mark.parametrize(
    "places",
    [
        None,
        [(1, 1)] * 6,
        [(n, n) for n in range(6)],
        [(1, 1), (2, 2), (1, 3), (2, 4), (1, 5), (2, 6)],
        [(1, 1), (1, 2), (1, 1), (2, 1), (2, 2), (2, 3)],
        [(1, 1), (1, 3), (1, 2), (2, 1), (2, 2), (2, 3)],
    ],
)
def test_without_geometry_it_must_be_called_a_line(
    tmp_path: Path, places: list[tuple[int, int]] | None
) -> None:
    path = write_segy(tmp_path / "v.sgy", amplitudes(6), places)
    with pytest.raises(DataError, match=r"v.sgy: no geometry: .*--line") as caught:
        SegyVolume(path, 99, Geometry())
    assert "\n" not in str(caught.value)
    volume = SegyVolume(path, 99, Geometry(line=True))
    assert volume.ids == ["v"]
    assert volume.read("v").shape == (SAMPLES, 6)


@pytest.mark.parametrize("kind", [1, 2, 3, 5, 8])
@pytest.mark.parametrize("binary", [True, False])
def test_headers_are_kept_and_samples_replaced(tmp_path: Path, kind: int, binary: bool) -> None:
    traces = np.clip(amplitudes(12) / 10, -100, 100)
    path = write_segy(tmp_path / "v.sgy", traces, grid([5, 7, 9], [1, 2, 3, 4]), kind)
    volume = SegyVolume(path, 99, Geometry())
    found = np.random.default_rng(1).random((3, SAMPLES, 4)).round(2).astype(np.float32)
    if binary:
        found = (found > 0.5).astype(np.uint8)
    volume.write(dict(zip(volume.ids, found, strict=True)).__getitem__, tmp_path / "out", binary)
    before, after = (p.read_bytes() for p in (path, tmp_path / "out"))
    assert len(before) == len(after)
    assert before[:HEADER] == after[:HEADER]
    step = (len(before) - HEADER) // 12
    for start in range(HEADER, len(before), step):
        assert before[start : start + 240] == after[start : start + 240]
    with segyio.open(tmp_path / "out") as file:
        assert file.ilines.tolist() == [5, 7, 9]
        scale = 1 if binary or kind in (1, 5) else 100
        for iline, section in zip((5, 7, 9), found, strict=True):
            np.testing.assert_allclose(file.iline[iline].T, scale * section, atol=1e-6)


@pytest.mark.parametrize("bad", [-np.inf, np.inf])
def test_broken_amplitudes_are_named(tmp_path: Path, bad: float) -> None:
    traces = amplitudes(6)
    traces[4, 9] = bad
    path = write_segy(tmp_path / "v.sgy", traces, grid([1, 2], [1, 2, 3]), kind=5)
    volume = SegyVolume(path, 99, Geometry())
    volume.read("v/inline-1")
    with pytest.raises(DataError, match=r"v.sgy: section v/inline-2 .*first at \(9, 1\)"):
        volume.read("v/inline-2")


@pytest.mark.parametrize("keep", [0, 100, 3600, 3700, -10])
def test_truncated_files_are_one_line(tmp_path: Path, keep: int) -> None:
    path = write_segy(tmp_path / "v.sgy", amplitudes(6), grid([1, 2], [1, 2, 3]))
    content = path.read_bytes()
    path.write_bytes(content[:keep])
    with pytest.raises(DataError, match=r"v.sgy: no ") as caught:
        SegyVolume(path, 99, Geometry()).read("v/inline-1")
    assert "\n" not in str(caught.value)


def test_something_else_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "v.sgy"
    path.write_bytes(b"no seismic data " * 1000)
    with pytest.raises(DataError, match=r"v.sgy: no "):
        SegyVolume(path, 99, Geometry())
