"""The scores and figures of a whole cross-validation, as an MLflow run of their own."""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from mlflow.entities import Metric, Param

from saltseg.params import Params
from saltseg.tracking.provenance import provenance
from saltseg.tracking.store import flatten, open_store


def log_evaluation(params: Params, summary: Mapping[str, Any], metrics: Path) -> None:
    """Log the scores over all folds and their figures as a run of its own.

    Args:
        params: All parameters.
        summary: As written to summary.json.
        metrics: Folder of tables and figures, logged as they are.
    """
    client, experiment = open_store(params.tracking.experiment)
    tags = {"backbone": params.backbone, "kind": "evaluation", **provenance(params.backbone)}
    run = client.create_run(experiment, run_name=f"{params.backbone} all folds", tags=tags)
    run_id, now = run.info.run_id, int(time.time() * 1000)
    logged = [Param(key, str(value)) for key, value in flatten(params.model_dump()).items()]
    # Scores by fold and class stay in summary.json: a hundred charts would bury the curves.
    shown = {key: value for key, value in summary.items() if key not in ("fold", "coverage_class")}
    scores = [
        Metric(f"cv_{key.replace('.', '_')}", float(value), now, 0)
        for key, value in flatten(shown).items()
    ]
    client.log_batch(run_id, metrics=scores, params=logged)
    client.log_artifacts(run_id, str(metrics))
    client.set_terminated(run_id, status="FINISHED")
