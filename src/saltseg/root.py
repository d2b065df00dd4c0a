"""The root of the project, also seen from a throw-away copy of it, and its folder of state."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path

from saltseg.errors import DataError, one_line_errors

WORKSPACE = "workspace"
"""What stands in place of a run's name for what lies in the project's folder; DVC's word for it."""

_PIPELINE = "dvc.yaml"


def require_project() -> Path:
    """The root of the project that the current folder lies in.

    Raises:
        DataError: It lies in none.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / ".dvc").is_dir():
            return folder
    raise DataError(
        "no project here or above (no folder that holds .dvc); go into the project's folder"
    )


def project_root() -> Path:
    """The root of the project; in a throw-away copy of an experiment, that of the original.

    Raises:
        DataError: The current folder lies in none.
    """
    return original_root() or require_project()


def original_root() -> Path | None:
    """The root of the project that DVC runs a stage for; None where it runs none."""
    root = os.environ.get("DVC_ROOT")
    return Path(root) if root else None


def state_folder(name: str = "") -> Path:
    """Folder `.saltseg` of locks, stamps and unfinished trainings, ignored by git and DVC.

    Args:
        name: A folder below it; the folder itself without.

    Raises:
        DataError: The current folder lies in no project.
    """
    folder = project_root() / ".saltseg" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def at_root(name: str) -> Iterator[None]:
    """Run a stage of the pipeline, its mistakes reported in one line; see `one_line_errors`.

    Args:
        name: Its name.

    Raises:
        SystemExit: As there, and where the current folder is no root: paths of stages start there.
    """
    with one_line_errors(name):
        if not Path(_PIPELINE).is_file():
            raise DataError(
                f"there is no {_PIPELINE} in {Path.cwd()}; `dvc repro` runs stages, or python does"
                f" in the folder of {_PIPELINE}"
            )
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, TextIOWrapper):  # the ± of a score must not end a stage
                stream.reconfigure(errors="replace")
        yield
