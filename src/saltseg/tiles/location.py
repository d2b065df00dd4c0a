"""Where the dataset lies, checked before a stage depends on it."""

from pathlib import Path

from saltseg.errors import DataError
from saltseg.root import original_root

EXPECTED = (
    "expected a synthetic recipe (.yaml) or a folder in the Kaggle layout (train.zip, or train/"
    " with images/ and masks/)"
)


def require_dataset(path: Path) -> None:
    """Make sure that the parameter `dataset` names something.

    Args:
        path: A recipe file or a folder; relative to the current folder, which in a queued or
            `--temp` experiment is a copy of the repository.

    Raises:
        DataError: It does not exist, with advice where it is known what to do.
    """
    if path.exists():
        return
    raise DataError(f"dataset {path}: does not exist{_advice(path)}")


def _advice(path: Path) -> str:
    """What to do about a dataset that is not there."""
    original = (original_root() or Path()) / path
    if path.parts[:1] == ("..",):
        return (
            f"; {EXPECTED}; a path that leaves the repository does not resolve in queued and --temp"
            f" experiments: put the data into data/tgs, {_add(Path('data/tgs'))}, or give an"
            " absolute path"
        )
    if path.with_name(f"{path.name}.dvc").exists():
        return f", but {path}.dvc does; bring the data back by: dvc pull {path}"
    if original.exists():
        return f" in this copy of the repository; {original} does, untracked: {_add(path)}"
    return f"; {EXPECTED}"


def _add(path: Path) -> str:
    return f"run `dvc add {path}` and commit {path}.dvc"
