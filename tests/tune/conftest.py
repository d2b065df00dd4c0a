"""A search space of a few lines, and a study of it."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import optuna
import pytest
import yaml

from saltseg.params import Params
from saltseg.tune.space import read_space
from saltseg.tune.study import Study

SPACE: dict[str, Any] = {
    "parameters": {
        "train.learning_rate": {"low": 0.0003, "high": 0.003, "log": True},
        "train.optimizer": ["adam", "adamw"],
    },
    "fixed": {"split": {"strategy": "grouped", "holdout": 0.1}, "train.folds": [1]},
    "startup": 3,
}

WriteSpace = Callable[..., Path]
MakeStudy = Callable[..., Study]


@pytest.fixture
def write_space(tmp_path: Path) -> WriteSpace:
    """Writes `SPACE`, with some of its keys changed."""

    def write(**changes: Any) -> Path:
        path = tmp_path / "space.yaml"
        path.write_text(yaml.safe_dump(SPACE | changes))
        return path

    return write


@pytest.fixture(scope="session")
def no_studies(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Optuna's database as it is at first, which takes a second to make."""
    path = tmp_path_factory.mktemp("optuna") / "studies.db"
    optuna.storages.RDBStorage(f"sqlite:///{path}")
    return path


@pytest.fixture
def make_study(
    write_space: WriteSpace, no_studies: Path, tmp_path: Path, params: Params
) -> MakeStudy:
    """Begins or goes on with the study `toy` of such a space."""
    shutil.copy(no_studies, tmp_path / "studies.db")

    def make(**changes: Any) -> Study:
        space, base = read_space(write_space(**changes), params)
        return Study(tmp_path / "studies.db", "toy", space, base)

    return make
