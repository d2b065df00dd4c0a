"""What the parameter `dataset` may name: a synthetic recipe or a folder of real tiles."""

from pathlib import Path

from saltseg.errors import DataError
from saltseg.tiles.kaggle import read_kaggle
from saltseg.tiles.survey import Survey
from saltseg.tiles.synthetic import read_recipe, synthetic_survey


def read_dataset(path: Path) -> Survey:
    """Read or make the survey that `path` stands for.

    Args:
        path: A recipe file (`.yaml`, `.yml`), or a folder in the layout of the Kaggle download.

    Returns:
        The survey, checked.

    Raises:
        DataError: The path does not exist or is neither, or its content is wrong.
    """
    if not path.exists():
        raise DataError(f"dataset {path}: does not exist; {_EXPECTED}{_outside_hint(path)}")
    if path.is_dir():
        return read_kaggle(path)
    if path.suffix.lower() in (".yaml", ".yml"):
        return synthetic_survey(read_recipe(path))[0]
    raise DataError(f"dataset {path}: neither a recipe nor a folder; {_EXPECTED}")


_EXPECTED = (
    "expected a synthetic recipe (.yaml) or a folder in the Kaggle layout (train.zip, or train/"
    " with images/ and masks/)"
)


def _outside_hint(path: Path) -> str:
    """Advice for the path that works in the workspace and not in a copy of it, else nothing."""
    if path.is_absolute() or path.parts[:1] != ("..",):
        return ""
    return (
        "; a relative path outside the repository does not resolve in queued and `--temp`"
        " experiments: put the data into data/tgs, run `dvc add data/tgs` and commit"
        " data/tgs.dvc, or give an absolute path"
    )
