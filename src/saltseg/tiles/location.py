"""Where the dataset lies, checked before a stage depends on it."""

from pathlib import Path

from saltseg.errors import DataError

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
        DataError: It does not exist, with advice where it points out of the repository.
    """
    if path.exists():
        return
    hint = ""
    if path.parts[:1] == ("..",):
        hint = (
            "; a path that leaves the repository does not resolve in queued and --temp experiments:"
            " put the data into data/tgs, run `dvc add data/tgs` and commit the .dvc file, or give"
            " an absolute path"
        )
    raise DataError(f"dataset {path}: does not exist; {EXPECTED}{hint}")
