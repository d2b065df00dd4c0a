"""What is to be predicted: pictures in folders, zips and files, sections of arrays and SEG-Y."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from saltseg.errors import DataError
from saltseg.inference.npy import NpyVolume
from saltseg.inference.segy import SEGY_SUFFIXES, Geometry, SegyVolume
from saltseg.inference.volumes import Volume
from saltseg.tiles.archive import Member, open_members
from saltseg.tiles.pngs import MAX_SECTION_SIDE, image_from_png
from saltseg.tiles.survey import Bytes
from saltseg.tiles.tables import check_unique

_EXPECTED = "expected a folder or a zip with PNG files, a .png, a .npy, or a .sgy"


@dataclass(frozen=True)
class Section:
    """One picture to predict.

    Attributes:
        id: Names its mask; `NAME/SECTION` within a volume.
        read: Returns its grey levels, (H, W) uint8; raises `DataError` where it cannot be used.
    """

    id: str
    read: Callable[[], Bytes]


@dataclass(frozen=True)
class Inputs:
    """All that is to be predicted.

    Attributes:
        sections: In the order of their ids.
        volumes: Arrays and SEG-Y files, whose masks are put together again.
    """

    sections: Sequence[Section]
    volumes: Sequence[Volume]


@contextmanager
def open_inputs(paths: Sequence[Path], clip: float, geometry: Geometry) -> Iterator[Inputs]:
    """List what is in files and folders; pixels are read later, one section at a time.

    Args:
        paths: Folders and zips with images/ID.png or ID.png; .png, .npy and SEG-Y files.
        clip: Percentile of absolute amplitudes at which they are clipped.
        geometry: Where SEG-Y files keep their geometry.

    Raises:
        DataError: A path is missing, of an unknown kind, empty or damaged, or an id is there twice.
    """
    with ExitStack() as stack:
        sections: list[Section] = []
        volumes: list[Volume] = []
        for path in paths:
            suffix = path.suffix.lower()
            if not path.exists():
                raise DataError(f"{path}: no such file or folder; {_EXPECTED}")
            if path.is_dir() or suffix == ".zip":
                sections += _pictures(path, stack.enter_context(open_members(path, loose=True)))
            elif suffix == ".png":
                sections.append(Section(path.stem, partial(_read_file, path)))
            elif suffix == ".npy":
                volumes.append(NpyVolume(path, clip))
            elif suffix in SEGY_SUFFIXES:
                volumes.append(SegyVolume(path, clip, geometry))
            else:
                raise DataError(f"{path}: a file of another kind; {_EXPECTED}")
        for volume in volumes:
            sections += [Section(id_, partial(volume.read, id_)) for id_ in volume.ids]
        sections.sort(key=lambda section: section.id)
        check_unique([section.id for section in sections], ", ".join(map(str, paths)))
        yield Inputs(sections, volumes)


def _pictures(path: Path, members: Sequence[Member]) -> list[Section]:
    """The images of a dataset, or else all pictures that are no masks."""
    for folder in ("images", ""):
        if found := [member for member in members if member.folder == folder]:
            return [Section(member.id, partial(_decode, member)) for member in found]
    hint = ""
    if archives := [name for name in ("test.zip", "train.zip") if (path / name).exists()]:
        hint = f"; {path / archives[0]} may be meant"
    raise DataError(f"{path}: no images in it; {_EXPECTED}{hint}")


def _decode(member: Member) -> Bytes:
    return image_from_png(member.read(), member.where, MAX_SECTION_SIDE)


def _read_file(path: Path) -> Bytes:
    return image_from_png(path.read_bytes(), str(path), MAX_SECTION_SIDE)
