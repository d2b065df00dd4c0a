"""Recipes name parameters that exist, with values that they may have."""

from pathlib import Path

import pytest

from benchmarks.overrides import overrides_of
from saltseg.errors import ParameterError
from saltseg.params import load_params, with_overrides

ROOT = Path(__file__).parents[1]
RECIPES = [path for path in (ROOT / "recipes").iterdir() if path.is_file() and not path.suffix]


@pytest.mark.parametrize("path", RECIPES, ids=lambda path: path.name)
def test_a_recipe_is_valid(path: Path) -> None:
    changed = overrides_of(path.read_text().split())
    params = with_overrides(load_params(ROOT / "params.yaml"), changed)
    assert params.dataset == changed["dataset"] == "data/tgs"
    assert params.preprocess.side == changed["preprocess.side"]


def test_a_recipe_with_a_wrong_value_is_refused() -> None:
    with pytest.raises(ParameterError):
        with_overrides(
            load_params(ROOT / "params.yaml"), overrides_of(["-S", "preprocess.side=33"])
        )
