import os
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An empty DVC root, outside git, that tracking finds as its own; one for a whole module."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("root")
        (folder / ".dvc").mkdir()
        for name in ("MLFLOW_TRACKING_URI", "DVC_ROOT", "DVC_EXP_NAME"):
            patch.delenv(name, raising=False)
        patch.setenv("GIT_CEILING_DIRECTORIES", os.fspath(folder.parent))
        patch.chdir(folder)
        yield folder
