"""Which files of a folder or a zip can be predicted, and which are passed over."""

import sys
import zipfile
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from saltseg.errors import DataError
from saltseg.inference.photos import PHOTO_SUFFIXES
from saltseg.inference.segy.volume import SEGY_SUFFIXES
from saltseg.tiles.reading.archive import Member

EXPECTED = "expected a folder or a zip with PNG files, or a .png, .jpg, .tif, .npy or .sgy"
_KINDS = (".npy", *SEGY_SUFFIXES, *PHOTO_SUFFIXES)
_NAMED = 3


def listed(path: Path, members: Sequence[Member]) -> tuple[list[Member], list[Path]]:
    """What is predicted of a folder or a zip; whatever else is there is reported in one line.

    Args:
        path: The folder, or the zip.
        members: The PNG files in it.

    Returns:
        The images of a dataset, or else all pictures that are no masks; and, of a folder that is
        no dataset, its other files that can be read.

    Raises:
        DataError: There is nothing.
    """
    images = [member for member in members if member.folder == "images"]
    loose = [member for member in members if not member.folder]
    files, over = [], []
    for name in _names(path):
        if path.is_dir() and not images and Path(name).suffix.lower() in _KINDS:
            files.append(path / name)
        elif images or not name.lower().endswith(".png"):
            over.append(name)
    if not (images or loose or files):
        hint = ""
        if archives := [name for name in ("test.zip", "train.zip") if (path / name).exists()]:
            hint = f"; {path / archives[0]} may be meant"
        raise DataError(f"{path}: no images/ID.png and no ID.png right in it; {EXPECTED}{hint}")
    if over:
        more = ", ..." if len(over) > _NAMED else ""
        print(
            f"warning: {path}: {len(over)} files passed over ({', '.join(over[:_NAMED])}{more})",
            file=sys.stderr,
        )
    return images or loose, files


def _names(path: Path) -> list[str]:
    """Files right in a folder, or those of a zip that are not below `images/` and `masks/`."""
    if path.is_dir():
        found = [file.name for file in path.iterdir() if file.is_file()]
    else:
        with zipfile.ZipFile(path) as archive:
            found = [
                name
                for name in archive.namelist()
                if not {"images", "masks", "__MACOSX"} & {*PurePosixPath(name).parts[:-1]}
                if not name.endswith("/")
            ]
    return sorted(name for name in found if not PurePosixPath(name).name.startswith("."))
