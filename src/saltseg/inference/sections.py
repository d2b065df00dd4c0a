"""What is to be predicted: pictures in folders, zips and files, sections of arrays and SEG-Y."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from saltseg.errors import DataError
from saltseg.inference.defaults import CLIP
from saltseg.inference.npy import NpyVolume
from saltseg.inference.segy import SEGY_SUFFIXES, Geometry, SegyVolume
from saltseg.inference.volumes import Volume
from saltseg.tiles.archive import Member, open_members, read_file, version_of
from saltseg.tiles.pngs import MAX_SECTION_SIDE, image_from_png
from saltseg.tiles.survey import Bytes
from saltseg.tiles.tables import check_unique, read_seismic_depths

_EXPECTED = "expected a folder or a zip with PNG files, a .png, a .npy, or a .sgy"


@dataclass(frozen=True)
class Reading:
    """How files become grey levels.

    Attributes:
        clip: Percentile of absolute amplitudes at which they are clipped.
        geometry: Where SEG-Y files keep theirs.
        depths: CSV with the seismic depth z of each section by id; None where none is known.
    """

    clip: float = CLIP
    geometry: Geometry = field(default_factory=Geometry)
    depths: Path | None = None

    def settings(self) -> dict[str, Any]:
        """All that decides grey levels besides the files."""
        return {"clip": self.clip, **asdict(self.geometry)}


@dataclass(frozen=True)
class Section:
    """One picture to predict.

    Attributes:
        id: Names its mask; `NAME/SECTION` within a volume.
        where: File and section, for messages.
        source: The folder or file that it comes from.
        version: Changes when its content does.
        read: Returns its grey levels, (H, W) uint8; raises `DataError` where it cannot be used.
    """

    id: str
    where: str
    source: Path
    version: str
    read: Callable[[], Bytes]

    def __str__(self) -> str:
        """For messages."""
        return self.where


@dataclass(frozen=True)
class Inputs:
    """All that is to be predicted.

    Attributes:
        sections: In the order of their ids.
        volumes: Arrays and SEG-Y files, whose masks are put together again.
        reading: How they are read.
    """

    sections: Sequence[Section]
    volumes: Sequence[Volume]
    reading: Reading

    def depths(self, sections: Sequence[Section]) -> Sequence[float]:
        """Seismic depth of each section, NaN where it is not known.

        Raises:
            DataError: The table is missing or damaged.
        """
        path = self.reading.depths
        if path is None:
            return [float("nan")] * len(sections)
        if not path.is_file():
            raise DataError(f"{path}: no such file; expected a CSV with the columns id and z")
        found: list[float] = read_seismic_depths(path, [one.id for one in sections]).tolist()
        return found


@contextmanager
def open_inputs(paths: Sequence[Path], reading: Reading) -> Iterator[Inputs]:
    """List what is in files and folders; pixels are read later, one section at a time.

    Args:
        paths: Folders and zips with images/ID.png or ID.png; .png, .npy and SEG-Y files.
        reading: How they are read.

    Raises:
        DataError: A path is missing, of an unknown kind, empty or damaged, or an id is there twice.
    """
    with ExitStack() as stack:
        sections: list[Section] = []
        volumes: list[Volume] = []
        for path in paths:
            if not (path.is_dir() or path.is_file()):
                raise DataError(f"{path}: no such file or folder; {_EXPECTED}")
            suffix = path.suffix.lower()
            if path.is_dir() or suffix == ".zip":
                members = stack.enter_context(open_members(path, loose=True))
                sections += [_section(path, member) for member in _pictures(path, members)]
            elif suffix == ".png":
                file = Member("", path.stem, str(path), version_of(path), partial(read_file, path))
                sections.append(_section(path, file))
            elif suffix == ".npy":
                volumes.append(NpyVolume(path, reading.clip))
            elif suffix in SEGY_SUFFIXES:
                volumes.append(SegyVolume(path, reading.clip, reading.geometry))
            else:
                raise DataError(f"{path}: a file of another kind; {_EXPECTED}")
        _check_names(volumes)
        for volume in volumes:
            version = version_of(volume.path)
            sections += [
                Section(
                    id_, f"{volume.path}: {id_}", volume.path, version, partial(volume.read, id_)
                )
                for id_ in volume.ids
            ]
        for section in sections:
            if not section.id.isprintable():
                raise DataError(
                    f"{section.where!r}: a name that is no printable text; rename the file"
                )
        sections.sort(key=lambda section: section.id)
        check_unique([section.id for section in sections], ", ".join(map(str, paths)))
        inputs = Inputs(sections, volumes, reading)
        inputs.depths(sections)
        yield inputs


def _pictures(path: Path, members: Sequence[Member]) -> list[Member]:
    """The images of a dataset, or else all pictures that are no masks."""
    for folder in ("images", ""):
        if found := [member for member in members if member.folder == folder]:
            return found
    hint = ""
    if archives := [name for name in ("test.zip", "train.zip") if (path / name).exists()]:
        hint = f"; {path / archives[0]} may be meant"
    raise DataError(f"{path}: no images/ID.png and no ID.png right in it; {_EXPECTED}{hint}")


def _section(source: Path, member: Member) -> Section:
    def read() -> Bytes:
        return image_from_png(member.read(), member.where, MAX_SECTION_SIDE)

    return Section(member.id, member.where, source, member.version, read)


def _check_names(volumes: Sequence[Volume]) -> None:
    """Volumes of one name would write over each other's masks."""
    names = Counter(volume.path.stem for volume in volumes)
    doubled = [str(volume.path) for volume in volumes if names[volume.path.stem] > 1]
    if doubled:
        raise DataError(
            f"{', '.join(doubled)}: files of one name, whose masks would have one name too;"
            " predict them into different folders"
        )
