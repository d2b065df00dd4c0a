"""What may be named as data: a synthetic recipe, a folder of real tiles, or pictures alone."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from pathlib import Path

from saltseg.array_types import Bytes
from saltseg.errors import DataError
from saltseg.tiles.location import EXPECTED, require_dataset
from saltseg.tiles.reading.archive import open_members
from saltseg.tiles.reading.kaggle import read_kaggle
from saltseg.tiles.reading.kaggle_csv import check_unique
from saltseg.tiles.reading.layout import TEST, TRAIN, first_of
from saltseg.tiles.reading.nesting import nearest
from saltseg.tiles.reading.stack import read_images
from saltseg.tiles.survey import Survey
from saltseg.tiles.synthetic.survey import read_recipe, synthetic_survey


def read_dataset(path: Path) -> Survey:
    """Read or make the survey that `path` stands for.

    Args:
        path: A recipe file (`.yaml`, `.yml`), or a folder in the layout of the Kaggle download.

    Returns:
        The survey, checked.

    Raises:
        DataError: The path does not exist or is neither, or its content is wrong.
    """
    require_dataset(path)
    if path.is_dir():
        return read_kaggle(path)
    if path.suffix.lower() in (".yaml", ".yml"):
        return synthetic_survey(read_recipe(path))[0]
    raise DataError(f"dataset {path}: neither a recipe nor a folder; {EXPECTED}")


def read_pictures(sources: Sequence[Path]) -> tuple[list[str], Bytes]:
    """Read the images of zips and folders; masks are passed over.

    Args:
        sources: Each a zip or a folder with images/ID.png, or a folder that holds such ones by the
            names of the Kaggle download: train, train.zip, test, test.zip; or one further down.

    Returns:
        Ids, sorted, and grey levels, (N, H, W) uint8, in the same order.

    Raises:
        DataError: A source is missing or holds no images, an id is there twice, or an image cannot
            be used (see `read_images`).
    """
    with ExitStack() as stack:
        members = []
        for source in _expanded(sources):
            found = [m for m in stack.enter_context(open_members(source)) if m.folder == "images"]
            if not found:
                raise DataError(f"{source}: no images; expected files images/ID.png in it")
            members += found
        members.sort(key=lambda member: member.id)
        ids = [member.id for member in members]
        check_unique(ids, ", ".join(map(str, sources)))
        return ids, read_images(members, "images")


def _expanded(sources: Iterable[Path]) -> list[Path]:
    found = []
    for source in sources:
        root = nearest(source, _holds_images) if source.is_dir() else source
        if root and (not root.is_dir() or (root / "images").is_dir()):
            found.append(root)
        elif root:
            # As where a dataset is read: what is unpacked goes before its zip.
            found += [path for names in (TRAIN, TEST) if (path := first_of([root], names))]
    if not found:
        raise DataError(
            f"{', '.join(map(str, sources))}: no tiles here; expected zips or folders with"
            " images/ID.png"
        )
    return found


def _holds_images(folder: Path) -> bool:
    return (folder / "images").is_dir() or first_of([folder], (*TRAIN, *TEST)) is not None
