"""Folders within folders: a download as it was unpacked, or once more than needed."""

from collections.abc import Callable
from pathlib import Path

from saltseg.errors import DataError

_DEEPEST = 3


def nearest(folder: Path, holds: Callable[[Path], bool]) -> Path | None:
    """The folder that holds what is looked for: the given one, or the only one next below it.

    Args:
        folder: Where to begin; hidden folders in it and `__MACOSX/` are passed over.
        holds: Whether a folder is it.

    Returns:
        None where there is none within three levels.

    Raises:
        DataError: On the first level that has any there are several.
    """
    level = [folder]
    for _ in range(_DEEPEST + 1):
        found = sorted(path for path in level if holds(path))
        if len(found) > 1:
            listed = ", ".join(str(path) for path in found[:3]) + ", ..." * (len(found) > 3)
            raise DataError(
                f"{folder}: tiles at several places ({listed}); expected one, so name it, or remove"
                " the others"
            )
        if found:
            return found[0]
        level = [path for one in level for path in entries(one) if _is_open(path)]
    return None


def _is_open(path: Path) -> bool:
    return not path.name.startswith((".", "__MACOSX")) and path.is_dir()


def entries(folder: Path) -> list[Path]:
    """Entries of a folder, in no particular order; none where it is no folder.

    Raises:
        DataError: It cannot be read.
    """
    try:
        return list(folder.iterdir())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError as error:
        raise DataError(unreadable(folder, error)) from None


def unreadable(path: Path, error: OSError) -> str:
    """Message about what the system does not let us read."""
    return f"{path}: not readable ({error.strerror}); check it and its permissions"
