"""Where in MLflow's pages a person finds what was written: its front page speaks of agents."""

import json
from collections.abc import Sequence
from urllib.parse import quote

from saltseg.tracking.runs_view import VIEW
from saltseg.tracking.uri import tracking_uri

_OWN = "http://127.0.0.1:5000"
"""Where plain `mlflow ui` answers."""


def runs_sentence(experiment: str) -> str:
    """How to see the runs that people look for, with their scores; see `runs_view`.

    Args:
        experiment: Id of the MLflow experiment.
    """
    return f"{_begin()}{_server()}/#/experiments/{experiment}/runs?viewStateShareKey={VIEW}"


def curves_sentence(experiment: str, runs: Sequence[str], metric: str) -> str:
    """How to see the curves of some runs in one chart.

    Args:
        experiment: Id of the MLflow experiment.
        runs: Ids.
        metric: Its name.
    """
    # The page takes no part of this for granted.
    asked = {
        "runs": list(runs),
        "metric": metric,
        "experiments": [experiment],
        "plot_metric_keys": [metric],
        "plot_layout": {},
        "deselected_curves": [],
        "last_linear_y_axis_range": [],
        "show_point": True,
        "line_smoothness": 1,
    }
    terms = [
        f"{key}={quote(json.dumps(value, separators=(',', ':')))}" for key, value in asked.items()
    ]
    terms += ["x_axis=step", "y_axis_scale=linear"]
    return f"{_begin()}{_server()}/#/metric?{'&'.join(terms)}"


def _begin() -> str:
    return "Curves: " if _shared() else "Curves: `mlflow ui`, then "


def _server() -> str:
    return tracking_uri().rstrip("/") if _shared() else _OWN


def _shared() -> bool:
    """Whether the store is a server that has pages itself."""
    return tracking_uri().startswith(("http://", "https://"))
