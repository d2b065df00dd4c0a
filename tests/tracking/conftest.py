import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from saltseg.params import Params
from saltseg.tracking.store import Store, open_store
from tests.runs.sample import WriteOutputs, writer


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty DVC root, outside git, that tracking finds as its own; one for a whole module."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("root")
        (folder / ".dvc").mkdir()
        for name in ("MLFLOW_TRACKING_URI", "DVC_ROOT", "DVC_EXP_NAME", "DVC_STAGE"):
            patch.delenv(name, raising=False)
        patch.setenv("GIT_CEILING_DIRECTORIES", os.fspath(folder.parent))
        patch.chdir(folder)
        yield folder


@pytest.fixture
def store(root: Path, request: pytest.FixtureRequest) -> Store:
    """An MLflow experiment of the test's own."""
    return open_store(request.node.name)


@pytest.fixture
def write_outputs(
    root: Path, tmp_path: Path, params: Params, request: pytest.FixtureRequest
) -> WriteOutputs:
    """Writes outputs for the test's own MLflow experiment."""
    return writer(tmp_path, params, request.node.name)
