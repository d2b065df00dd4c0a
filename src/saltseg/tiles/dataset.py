"""What the parameter `dataset` may name: a synthetic recipe or a folder of real tiles."""

from pathlib import Path

from saltseg.errors import DataError
from saltseg.tiles.kaggle import read_kaggle
from saltseg.tiles.location import EXPECTED, require_dataset
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
    require_dataset(path)
    if path.is_dir():
        return read_kaggle(path)
    if path.suffix.lower() in (".yaml", ".yml"):
        return synthetic_survey(read_recipe(path))[0]
    raise DataError(f"dataset {path}: neither a recipe nor a folder; {EXPECTED}")
