"""Where in a download the tiles and tables lie, however deep people have put it."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from saltseg.errors import DataError
from saltseg.tiles.reading.archive import zipped_names
from saltseg.tiles.reading.kaggle_csv import present
from saltseg.tiles.reading.nesting import entries, nearest

TRAIN, TEST = ("train", "train.zip"), ("test", "test.zip")


class Source(NamedTuple):
    """Where tiles are read from.

    Attributes:
        path: A folder or a zip.
        within: Of a zip, only what lies in a folder of this name; empty = all of it.
    """

    path: Path
    within: str = ""


class Layout(NamedTuple):
    """The parts of a download.

    Attributes:
        labelled: Images and masks.
        unlabelled: Images; None where there are none.
        tables: Folders, or the zip, that may hold depths.csv and train.csv; the first goes first.
    """

    labelled: Source
    unlabelled: Source | None
    tables: tuple[Path, ...]


def layout_of(folder: Path) -> Layout:
    """Find the parts of a download.

    Args:
        folder: Holds `train/` or `train.zip`, or `images/` and `masks/`, itself or up to three
            folders deeper; or a zip of all this.

    Raises:
        DataError: There are no tiles, or at several places.
    """
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; expected one in the Kaggle layout")
    root = nearest(folder, _holds_labelled)
    if root is None and _holds(folder, ("images", "masks")):
        root = folder
    if root is None:
        return _zipped_whole(folder)
    where = (root,) if root == folder else (root, folder)
    labelled = first_of(where[:1], TRAIN) or root
    unlabelled = first_of(where, TEST)
    return Layout(Source(labelled), Source(unlabelled) if unlabelled else None, where)


def first_of(folders: Iterable[Path], names: Iterable[str]) -> Path | None:
    """The first of some names that is there; what is unpacked goes before its zip."""
    paths = (folder / name for folder in folders for name in names)
    return next((path for path in paths if present(path)), None)


def _holds(folder: Path, names: Iterable[str], of: Callable[[Iterable[bool]], bool] = any) -> bool:
    return of((folder / name).is_dir() for name in names)


def _holds_labelled(folder: Path) -> bool:
    return first_of([folder], TRAIN) is not None or _holds(folder, ("images", "masks"), all)


def _zipped_whole(folder: Path) -> Layout:
    """The layout of a download that is one zip, read as if it were unpacked."""
    names = {path: zipped_names(path) for path in entries(folder) if _is_zip(path)}
    found = [
        path for path, inside in names.items() if any(n.parent.name == "masks" for n in inside)
    ]
    if len(found) > 1:
        listed = ", ".join(path.name for path in sorted(found))
        raise DataError(
            f"{folder}: tiles in several zips ({listed}); expected one, remove the rest"
        )
    if not found:
        for path, inside in names.items():
            if inner := sorted(name.name for name in inside if name.name in (*TRAIN, *TEST)):
                raise DataError(
                    f"{folder}: no tiles here, but {path.name} holds {' and '.join(inner)}; unpack"
                    f" it: unzip {path} -d {folder}"
                )
        raise DataError(
            f"{folder}: no tiles here; expected train.zip, or train/ with images/ and masks/, so"
            " download the competition's data into it"
        )
    inside = names[found[0]]
    labelled, unlabelled = (
        [name for name in inside if name.parent.name == kind and within in name.parts]
        for kind, within in (("masks", "train"), ("images", "test"))
    )
    return Layout(
        Source(found[0], "train" if labelled else ""),
        Source(found[0], "test") if unlabelled else None,
        (found[0],),
    )


def _is_zip(path: Path) -> bool:
    return path.suffix.lower() == ".zip" and not path.name.startswith(".")
