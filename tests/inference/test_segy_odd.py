"""SEG-Y files as they are found: headers that are wrong, gaps, dead traces, other bytes."""

import struct
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from saltseg.cli import app
from saltseg.errors import DataError
from saltseg.inference.segy.samples import IBM, IEEE, encode
from saltseg.inference.segy.volume import Geometry, SegyVolume
from tests.inference.test_segy import SAMPLES, amplitudes, grid, write_segy

FILE, TRACE = 3600, 240
STEP = TRACE + 4 * SAMPLES
PLACES = grid([5, 6, 7, 8], [1, 2, 3])
STANZA = "((SEG: EndText))".ljust(3200)
Change = Callable[[bytearray], bytes]


def put(content: bytearray, byte: int, kind: str, number: int) -> bytearray:
    """Write a number to where the standard says: byte of the file, counted from 1."""
    struct.pack_into(kind, content, byte - 1, number)
    return content


def put_all(content: bytearray, byte: int, kind: str, numbers: Sequence[int]) -> bytearray:
    """The same in trace headers."""
    for trace, number in enumerate(numbers):
        put(content, FILE + trace * STEP + byte, kind, number)
    return content


def good_file(folder: Path) -> Path:
    path = write_segy(folder / "v.sgy", amplitudes(12), PLACES, kind=5)
    path.write_bytes(put_all(bytearray(path.read_bytes()), 115, ">h", [SAMPLES] * 12))
    return path


def with_stanzas(content: bytearray, said: int, text: bytes) -> bytes:
    put(content, 3505, ">h", said)
    return bytes(content[:FILE]) + text + bytes(content[FILE:])


def dead_ends(content: bytearray) -> bytes:
    blank = bytes(STEP)
    return bytes(content[:FILE]) + 2 * blank + bytes(content[FILE:]) + blank


def larger_headers(content: bytearray, kind: str = ">i") -> bytes:
    """With one more header before each trace, as revisions 2.0 and 2.1 name it."""
    put(put(put(content, 3501, ">B", 2), 3509, ">h", 3), 3507, kind, 1)
    parts = [content[start : start + STEP] for start in range(FILE, len(content), STEP)]
    return bytes(content[:FILE]) + b"".join(
        part[:TRACE] + bytes(TRACE) + part[TRACE:] for part in parts
    )


def as_floats(content: bytearray, code: int) -> bytes:
    for byte, numbers in zip((189, 193), np.transpose(PLACES), strict=True):
        words = encode(numbers, code, False).view(np.uint32)
        put_all(content, byte, ">I", words.tolist())
    return bytes(content)


def moved(content: bytearray) -> bytes:
    """As `--iline 221 --xline 225`, where the standard has fields of other widths."""
    put_all(put_all(content, 189, ">i", [0] * 12), 193, ">i", [0] * 12)
    put_all(content, 221, ">i", [iline for iline, _ in PLACES])
    return bytes(put_all(content, 225, ">i", [xline for _, xline in PLACES]))


ODD: dict[str, Change] = {
    "samples 0 in the file's header": lambda c: put(c, 3221, ">h", 0),
    "samples wrong in the file's header": lambda c: put(c, 3221, ">h", 77),
    "samples in the file's header only": lambda c: put_all(c, 115, ">h", [0] * 12),
    "samples of before a cut in trace headers": lambda c: put_all(c, 115, ">h", [90] * 12),
    "a dead trace without samples": lambda c: put_all(c, 115, ">h", [30, 0, 30]),
    "a damaged trace header": lambda c: put_all(c, 115, ">h", [30, 7000, 30]),
    "bytes behind the traces": lambda c: bytes(c) + bytes(range(256)) * 2,
    "padding behind the traces": lambda c: put_all(c, 115, ">h", [0] * 12) + bytes(100),
    "a trailer": lambda c: bytes(c) + STANZA.encode("cp037"),
    "many texts, ended in EBCDIC": lambda c: with_stanzas(
        c, -1, 25 * b"@" * 3200 + STANZA.encode("cp037")
    ),
    "texts, ended in ASCII": lambda c: with_stanzas(c, -1, STANZA.lower().encode()),
    "texts without an end": lambda c: with_stanzas(c, -1, 2 * b"@" * 3200),
    "two texts": lambda c: with_stanzas(c, 2, 2 * b"@" * 3200),
    "two texts of which one is missing": lambda c: with_stanzas(c, 2, b"@" * 3200),
    "texts that are missing": lambda c: with_stanzas(c, 1, b""),
    "a revision that is none": lambda c: put(c, 3501, ">H", 0x1002),
    "traces at a place of their own": lambda c: (
        bytes(put(put(c, 3501, ">B", 2), 3521, ">Q", 4000)[:FILE]) + bytes(400) + bytes(c[FILE:])
    ),
    "more headers for each trace, revision 2.0": larger_headers,
    "more headers for each trace, revision 2.1": lambda c: larger_headers(c, ">h"),
    "the label of a tape": lambda c: b"   1SY1.0RECORD".ljust(128) + bytes(c),
    "dead traces at both ends": dead_ends,
    "numbers at 221 and 225": moved,
    "numbers as IEEE floats": lambda c: as_floats(c, IEEE),
    "numbers as IBM floats": lambda c: as_floats(c, IBM),
    "a text in ASCII": lambda c: b"C 1 CLIENT".ljust(3200) + bytes(c[3200:]),
}


@pytest.mark.parametrize("case", ODD)
def test_odd_files_are_read_like_the_good_one(
    tmp_path: Path, case: str, capsys: pytest.CaptureFixture[str]
) -> None:
    traces = amplitudes(12)
    path = good_file(tmp_path)
    good = SegyVolume(path, 99, Geometry())
    sections = {id_: good.read(id_) for id_ in good.ids}
    content = bytes(ODD[case](bytearray(path.read_bytes())))
    path.write_bytes(content)
    volume = SegyVolume(path, 99, Geometry(221, 225) if "221" in case else Geometry())
    assert volume.ids == list(sections)
    for id_, section in sections.items():
        np.testing.assert_array_equal(volume.read(id_), section)
    told = capsys.readouterr().err
    assert told.count("\n") <= 1
    assert ("warning" in told) == ("behind" in case or "trailer" in case or "both ends" in case)
    volume.write(lambda _: np.ones((SAMPLES, 3)), tmp_path / "out", True)
    start = content.index(traces[0].astype(">f4").tobytes())
    expected = content
    for trace in traces.astype(">f4"):
        expected = expected.replace(trace.tobytes(), np.ones(SAMPLES, ">f4").tobytes())
    assert start > FILE
    assert (tmp_path / "out").read_bytes() == expected


def test_traces_longer_than_two_bytes_can_tell(tmp_path: Path) -> None:
    traces = np.random.default_rng(0).normal(size=(4, 70_000)).astype(np.float32)
    content = bytearray(FILE)
    put(put(content, 3221, ">H", 70_000 - 2**16), 3225, ">h", 5)
    for number, trace in enumerate(traces):
        header = put(bytearray(TRACE), 115, ">H", 70_000 - 2**16)
        put(put(header, 189, ">i", 1 + number // 2), 193, ">i", number % 2)
        content += header + trace.astype(">f4").tobytes()
    (tmp_path / "v.sgy").write_bytes(content)
    volume = SegyVolume(tmp_path / "v.sgy", 99, Geometry())
    assert [volume.read(id_).shape for id_ in volume.ids] == [(70_000, 2)] * 2


def test_more_samples_than_a_signed_number(tmp_path: Path) -> None:
    path = write_segy(tmp_path / "v.sgy", np.ones((4, 40_975)), grid([1, 2], [1, 2]))
    assert SegyVolume(path, 99, Geometry()).read("v/inline-1").shape == (40_975, 2)


@pytest.mark.parametrize(
    ("kind", "dtype"), [(2, "i4"), (3, "i2"), (8, "i1"), (10, "u4"), (11, "u2"), (16, "u1")]
)
def test_whole_numbers_keep_their_kind(tmp_path: Path, kind: int, dtype: str) -> None:
    most = np.iinfo(dtype)
    traces = np.random.default_rng(0).integers(most.min, most.max, (12, SAMPLES), dtype)
    path = write_segy(tmp_path / "v.sgy", traces, PLACES, kind)
    volume = SegyVolume(path, 99, Geometry())
    raw = volume.samples("v/inline-5")
    assert raw.dtype == np.dtype(dtype)
    np.testing.assert_array_equal(raw, traces[:3].T)


@pytest.mark.parametrize("code", [4, 7, 15, 0, 99])
def test_other_sample_codes_are_named(tmp_path: Path, code: int) -> None:
    path = write_segy(tmp_path / "v.sgy", amplitudes(12), PLACES, kind=5)
    path.write_bytes(put(bytearray(path.read_bytes()), 3225, ">h", code))
    with pytest.raises(DataError, match=rf"sample code \(bytes 3225\) is {code}; .*--format") as no:
        SegyVolume(path, 99, Geometry())
    assert "\n" not in str(no.value)
    volume = SegyVolume(path, 99, Geometry(format="ieee"))
    np.testing.assert_array_equal(volume.samples("v/inline-5"), amplitudes(12)[:3].T)


@pytest.mark.parametrize(("code", "width"), [(6, 1), (1, 2), (3, 4), (5, 8)])
def test_samples_of_another_width_than_their_code(tmp_path: Path, code: int, width: int) -> None:
    content = bytearray(good_file(tmp_path).read_bytes())
    parts = [
        content[n : n + TRACE] + bytes(width * SAMPLES) for n in range(FILE, len(content), STEP)
    ]
    path = tmp_path / "w.sgy"
    path.write_bytes(bytes(put(content, 3225, ">h", code)[:FILE]) + b"".join(parts))
    with pytest.raises(
        DataError, match=f"is {code}, . bytes a sample, but its samples take {width};"
    ):
        SegyVolume(path, 99, Geometry())


@pytest.mark.parametrize("short", [0, 5, 11])
def test_traces_of_several_lengths(tmp_path: Path, short: int) -> None:
    path = good_file(tmp_path)
    content = bytearray(path.read_bytes())
    put(content, FILE + short * STEP + 115, ">h", SAMPLES - 5)
    end = FILE + (short + 1) * STEP
    path.write_bytes(content[: end - 20] + content[end:])
    with pytest.raises(DataError, match=r"v.sgy: .*they have 25 to 30 samples; pad or cut"):
        SegyVolume(path, 99, Geometry())


@pytest.mark.parametrize("left", [100, 200, 300])
def test_a_file_that_was_cut_off(tmp_path: Path, left: int) -> None:
    path = good_file(tmp_path)
    path.write_bytes(path.read_bytes()[: FILE + 7 * STEP + left])
    if left > 115:
        with pytest.raises(DataError, match=r"v.sgy: .*ends within trace 8; copy it again"):
            SegyVolume(path, 99, Geometry())
    else:
        assert len(SegyVolume(path, 99, Geometry()).ids) == 3


def test_no_number_of_samples(tmp_path: Path) -> None:
    path = write_segy(tmp_path / "v.sgy", amplitudes(12), PLACES)
    content = put(bytearray(path.read_bytes()), 3221, ">h", 0)
    path.write_bytes(put_all(content, 115, ">h", [0] * 12))
    with pytest.raises(DataError, match=r"v.sgy: no number of samples: bytes 3221 .* bytes 115 "):
        SegyVolume(path, 99, Geometry())


@pytest.mark.parametrize(
    ("places", "why"),
    [
        (None, "are 0 everywhere"),
        ([(1, 1)] * 6 + [(1, 2)] * 6, "name inline 1, crossline 1 for 6 traces"),
        (list(zip(range(12), range(12), strict=True)), "are in no order"),
    ],
)
def test_why_there_is_no_geometry(
    tmp_path: Path, places: list[tuple[int, int]] | None, why: str
) -> None:
    path = write_segy(tmp_path / "v.sgy", amplitudes(12), places)
    with pytest.raises(DataError, match=f"bytes 189 and 193 of the trace headers[)] {why}; "):
        SegyVolume(path, 99, Geometry())


@pytest.mark.parametrize("xlines", [[1, 2, 3, 40, 41, 42], [42, 41, 40, 3, 2, 1]])
@pytest.mark.parametrize("across", [False, True])
def test_gaps_divide_sections(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], xlines: list[int], across: bool
) -> None:
    places = grid([7, 8], xlines)
    kind, other = ("crossline", "inlines") if across else ("inline", "crosslines")
    traces = amplitudes(12)
    path = write_segy(
        tmp_path / "v.sgy", traces, [p[::-1] for p in places] if across else places, 5
    )
    volume = SegyVolume(path, 99, Geometry())
    parts = ["1-3", "40-42"] if xlines[0] == 1 else ["40-42", "1-3"]
    assert volume.ids == [f"v/{kind}-{n}-{other}-{part}" for n in (7, 8) for part in parts]
    assert "v.sgy: 2 gaps in" in capsys.readouterr().err
    np.testing.assert_array_equal(volume.samples(volume.ids[1]), traces[3:6].T)
    number = {id_: n for n, id_ in enumerate(volume.ids)}
    volume.write(lambda id_: np.full((SAMPLES, 3), number[id_]), tmp_path / "out.sgy", True)
    out = SegyVolume(tmp_path / "out.sgy", 99, Geometry(line=True)).samples("out")
    assert out[0].tolist() == [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3]


def test_narrow_gaps_are_bridged(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    xlines = [1, 3, 5, 11, 13, 17]
    traces = amplitudes(12)
    path = write_segy(tmp_path / "v.sgy", traces, grid([7, 8], xlines), 5)
    volume = SegyVolume(path, 99, Geometry())
    assert volume.ids == ["v/inline-7", "v/inline-8"]
    assert "v.sgy: 4 narrow gaps in" in capsys.readouterr().err
    # 7 and 9 are missing, and 15
    shown = [0, 1, 2, 2, 3, 3, 4, 4, 5]
    np.testing.assert_array_equal(volume.samples("v/inline-7"), traces[shown].T)
    assert volume.read("v/inline-7").shape == (SAMPLES, 9)
    columns = np.arange(9) / 10
    volume.write(lambda _: np.tile(columns, (SAMPLES, 1)), tmp_path / "out.sgy", False)
    out = SegyVolume(tmp_path / "out.sgy", 99, Geometry(line=True)).samples("out")
    np.testing.assert_allclose(out[0], [0, 0.1, 0.2, 0.5, 0.6, 0.8] * 2, rtol=1e-6)


@pytest.mark.parametrize(
    "xlines", [[1, 3, 5, 7, 9, 11], [1, 40, 79, 118, 157, 196], [6, 5, 4, 3, 2, 1]]
)
def test_regular_steps_are_no_gaps(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], xlines: list[int]
) -> None:
    path = write_segy(tmp_path / "v.sgy", amplitudes(12), grid([7, 8], xlines))
    volume = SegyVolume(path, 99, Geometry())
    assert volume.ids == ["v/inline-7", "v/inline-8"]
    assert volume.read("v/inline-7").shape == (SAMPLES, 6)
    assert not capsys.readouterr().err


def test_parts_of_a_survey_may_be_denser(tmp_path: Path) -> None:
    places = [(1, x) for x in range(1, 8)] + [(2, x) for x in range(1, 60, 10)]
    path = write_segy(tmp_path / "v.sgy", amplitudes(13), places)
    assert SegyVolume(path, 99, Geometry()).ids == ["v/inline-1", "v/inline-2"]


@pytest.mark.parametrize("across", [False, True])
def test_dead_traces_are_left_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], across: bool
) -> None:
    places = [(0, 0), (0, 0), *grid([7, 8], [1, 2, 3]), (0, 0)]
    places.insert(5, (0, 0))
    traces = amplitudes(10)
    path = write_segy(
        tmp_path / "v.sgy", traces, [p[::-1] for p in places] if across else places, 5
    )
    volume = SegyVolume(path, 99, Geometry())
    kind = "crossline" if across else "inline"
    assert volume.ids == [f"v/{kind}-7", f"v/{kind}-8"]
    assert "v.sgy: 4 traces with inline and crossline 0 are in no" in capsys.readouterr().err
    np.testing.assert_array_equal(volume.samples(volume.ids[0]), traces[2:5].T)
    volume.write(lambda _: np.ones((SAMPLES, 3)), tmp_path / "out.sgy", True)
    out = SegyVolume(tmp_path / "out.sgy", 99, Geometry(line=True)).samples("out")
    assert out[0].tolist() == [0, 0, 1, 1, 1, 0, 1, 1, 1, 0]
    assert out[-1].tolist() == out[0].tolist()


def test_a_survey_may_begin_at_zero(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write_segy(tmp_path / "v.sgy", amplitudes(6), grid([0, 1], [0, 1, 2]))
    assert SegyVolume(path, 99, Geometry()).ids == ["v/inline-0", "v/inline-1"]
    assert not capsys.readouterr().err


def test_numbers_of_two_bytes(tmp_path: Path) -> None:
    path = write_segy(tmp_path / "v.sgy", amplitudes(12), PLACES, bytes_=(93, 95))
    assert SegyVolume(path, 99, Geometry(93, 95)).ids[0] == "v/inline-5"


def test_the_command_line_can_tell_the_format(tmp_path: Path) -> None:
    path = good_file(tmp_path)
    path.write_bytes(put(bytearray(path.read_bytes()), 3225, ">h", 0))
    command = [
        "predict",
        str(path),
        "--out",
        str(tmp_path / "out"),
        "--models",
        str(tmp_path / "no"),
    ]
    found = [CliRunner().invoke(app, [*command, *more]) for more in ([], ["--format", "ieee"])]
    assert [one.exit_code for one in found] == [1, 1]
    assert ["sample code" in one.stderr for one in found] == [True, False]
    assert f"{tmp_path / 'no'}" in found[1].stderr
