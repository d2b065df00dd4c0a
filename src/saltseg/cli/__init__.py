"""The `saltseg` command; `dvc` and `mlflow` do the rest."""

from saltseg.cli import fanout, models, pipeline, plan, search
from saltseg.cli.app import app

__all__ = ["app", "fanout", "models", "pipeline", "plan", "search"]
