"""Outputs appear whole or not at all."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def staged_folder(folder: Path) -> Iterator[Path]:
    """Collect output files beside `folder` and move them into it once all are written.

    Args:
        folder: Where the files belong; created where missing. Files of the same name are
            replaced, others stay.

    Yields:
        An empty folder on the same disk; it is removed if the block fails.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield staging
        folder.mkdir(exist_ok=True)
        for path in staging.iterdir():
            target = folder / path.name
            if target.is_dir():
                shutil.rmtree(target)
            path.replace(target)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
