"""Where the repository is, also for a throw-away copy of it, and what is remembered beside it."""

import os
from pathlib import Path


def project_root() -> Path:
    """The DVC repository's root; in a throw-away copy of an experiment, that of the original."""
    if root := os.environ.get("DVC_ROOT"):
        return Path(root)
    here = Path.cwd()
    return next((folder for folder in (here, *here.parents) if (folder / ".dvc").is_dir()), here)


def state_folder(name: str = "") -> Path:
    """Folder `.saltseg` of locks, stamps and unfinished trainings, ignored by git and DVC.

    Args:
        name: A folder below it; the folder itself without.
    """
    folder = project_root() / ".saltseg" / name
    folder.mkdir(parents=True, exist_ok=True)
    return folder
