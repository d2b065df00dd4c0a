"""Which runs and columns MLflow's table begins with, at the address that is printed.

MLflow keeps a view that is shared (*Views*, *Share*) as a tag of the experiment, and opens it where
an address names it. Left to itself the table shows no score, and what was killed among the rest.
"""

import json

from saltseg.scoring.scores import DECIDING
from saltseg.tracking.store import Store

VIEW = "runs"
"""Name of the view."""

_TAG = f"mlflow.sharedViewState.{VIEW}"

# Of each kind MLflow puts them in alphabetical order.
_COLUMNS = (
    *(f"metrics.`cv_{DECIDING.name}_{part}`" for part in ("mean", "std")),
    *(f"params.`{name}`" for name in ("backbone", "dataset", "preprocess.side", "train.epochs")),
)

# Sorted by anything but time, folds would no longer stand below their experiment.
_STATE = json.dumps(
    {
        "searchFilter": "attributes.status != 'KILLED' and tags.kind != 'comparison'",
        "orderByKey": "attributes.start_time",
        "orderByAsc": False,
        "selectedColumns": _COLUMNS,
    }
)


def keep_view(store: Store) -> None:
    """Make sure that the experiment has the view."""
    if store.client.get_experiment(store.experiment).tags.get(_TAG) != _STATE:
        store.client.set_experiment_tag(store.experiment, _TAG, _STATE)
