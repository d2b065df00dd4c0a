"""What is to be predicted: pictures in folders, zips and files, sections of arrays and SEG-Y."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from saltseg.array_types import Bytes
from saltseg.errors import DataError
from saltseg.inference.defaults import CLIP
from saltseg.inference.grey.tones import Showing, Shown, show_picture
from saltseg.inference.listing import EXPECTED, listed
from saltseg.inference.npy import NpyVolume
from saltseg.inference.photos import PHOTO_SUFFIXES, image_from_photo
from saltseg.inference.segy.volume import SEGY_SUFFIXES, Geometry, SegyVolume
from saltseg.inference.volumes import Volume
from saltseg.tiles.reading.archive import Member, open_members, read_file, version_of
from saltseg.tiles.reading.kaggle_csv import check_unique, read_seismic_depths
from saltseg.tiles.reading.pngs import MAX_SECTION_SIDE, image_from_png


@dataclass(frozen=True)
class Reading:
    """How files become grey levels.

    Attributes:
        clip: Percentile of absolute amplitudes at which they are clipped.
        geometry: Where SEG-Y files keep theirs.
        depths: CSV with the seismic depth z of each section by id; None where none is known.
        showing: How else samples become grey levels.
        axes: What the axes of arrays are; None for the usual.
    """

    clip: float = CLIP
    geometry: Geometry = field(default_factory=Geometry)
    depths: Path | None = None
    showing: Showing = field(default_factory=Showing)
    axes: str | None = None

    def settings(self) -> dict[str, Any]:
        """All that decides grey levels besides the files."""
        given = {"axes": self.axes, **asdict(self.geometry)}
        return {"clip": self.clip, **self.showing.settings(), **given}


@dataclass(frozen=True)
class Section:
    """One picture to predict.

    Attributes:
        id: Names its mask; `NAME/SECTION` within a volume.
        where: File and section, for messages.
        source: The folder or file that it comes from.
        version: Changes when its content does.
        read: Takes height and width of a training tile, and returns its grey levels; raises
            `DataError` where it cannot be used.
    """

    id: str
    where: str
    source: Path
    version: str
    read: Callable[[tuple[int, int]], Shown]

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
        paths: Folders and zips with images/ID.png or ID.png, folders with other files of the kinds
            that follow; .png, .jpg, .tif, .npy and SEG-Y files.
        reading: How they are read.

    Raises:
        DataError: A path is missing, of an unknown kind, empty or damaged, an id is there twice, or
            nobody knows whether samples are amplitudes.
    """
    with ExitStack() as stack:
        sections: list[Section] = []
        volumes: list[Volume] = []
        for path in paths:
            if not (path.is_dir() or path.is_file()):
                raise DataError(f"{path}: no such file or folder; {EXPECTED}")
            files = [path]
            if path.is_dir() or path.suffix.lower() == ".zip":
                members, files = listed(path, stack.enter_context(open_members(path, loose=True)))
                sections += [_tile(path, member, reading) for member in members]
            for file in files:
                opened = _opened(file, path, reading)
                if isinstance(opened, Volume):
                    volumes.append(opened)
                else:
                    sections.append(opened)
        _check_names(volumes)
        for volume in volumes:
            volume.tones  # noqa: B018 - whoever must be asked is asked before anything is loaded
            version = version_of(volume.path)
            sections += [
                Section(
                    id_, f"{volume.path}: {id_}", volume.path, version, partial(volume.show, id_)
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


def _opened(file: Path, source: Path, reading: Reading) -> Volume | Section:
    """A file by its suffix; `source` is the folder it was found in, or itself."""
    suffix, version = file.suffix.lower(), version_of(file)
    if suffix == ".png":
        member = Member("", file.stem, str(file), version, partial(read_file, file))
        return _tile(source, member, reading)
    if suffix in PHOTO_SUFFIXES:
        load = partial(image_from_photo, file)
        return _picture(source, file.stem, str(file), version, load, reading)
    if suffix == ".npy":
        return NpyVolume(file, reading.clip, reading.showing, reading.axes)
    if suffix in SEGY_SUFFIXES:
        return SegyVolume(file, reading.clip, reading.geometry, reading.showing)
    raise DataError(f"{file}: a file of another kind; {EXPECTED}")


def _tile(source: Path, member: Member, reading: Reading) -> Section:
    def load() -> Bytes:
        return image_from_png(member.read(), member.where, MAX_SECTION_SIDE)

    return _picture(source, member.id, member.where, member.version, load, reading)


def _picture(
    source: Path, id_: str, where: str, version: str, load: Callable[[], Bytes], reading: Reading
) -> Section:
    def read(tile: tuple[int, int]) -> Shown:
        return show_picture(load(), tile, reading.clip, reading.showing.stretch)

    return Section(id_, where, source, version, read)


def _check_names(volumes: Sequence[Volume]) -> None:
    """Volumes of one name would write over each other's masks."""
    names = Counter(volume.path.stem for volume in volumes)
    doubled = [str(volume.path) for volume in volumes if names[volume.path.stem] > 1]
    if doubled:
        raise DataError(
            f"{', '.join(doubled)}: files of one name, whose masks would have one name too;"
            " predict them into different folders"
        )
