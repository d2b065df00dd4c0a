"""What tests of several folders share; heavy imports wait until a test asks for them."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from saltseg.params import Params, load_params, with_overrides

ROOT = Path(__file__).parents[1]

# Projects in which the pipeline has run, shared by the tests of several folders; what goes where
# when tests run side by side.
pytest_plugins = ["tests.pipeline.projects", "tests.workers"]

Changed = Callable[[Mapping[str, Any]], Params]


@pytest.fixture(scope="session")
def params() -> Params:
    """The committed parameters."""
    return load_params(ROOT / "params.yaml")


@pytest.fixture(scope="session")
def changed(params: Params) -> Changed:
    """Makes the committed parameters with some dotted keys changed, checked like a file."""

    return partial(with_overrides, params)


@pytest.fixture(scope="session")
def engine() -> None:
    """Keras with fixed seed and threads; once, since TensorFlow takes this only at its start."""
    from saltseg.training.runtime import prepare_engine

    prepare_engine(seed=1, threads=2)
