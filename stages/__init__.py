"""The stages of dvc.yaml; each runs as `PYTHONPATH=src python -m stages.NAME` where that lies.

DVC runs the `python` that comes first on PATH. Where that is another one than the environment's, it
is said here, before a stage imports what that one lacks.
"""

import sys
from importlib.util import find_spec

if missing := [name for name in ("numpy", "pydantic", "dvc", "mlflow") if not find_spec(name)]:
    sys.exit(
        f"{sys.executable} ran this stage and has no {missing[0]}; put the project's environment"
        ' first on PATH: export PATH="$PWD/.venv/bin:$PATH"'
    )
