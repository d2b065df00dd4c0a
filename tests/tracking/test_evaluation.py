"""The scores of all folds as an MLflow run."""

from pathlib import Path

from saltseg.params import Params
from saltseg.tracking.evaluation import log_evaluation
from saltseg.tracking.store import open_store


def test_scores_and_figures_are_logged(root: Path, params: Params) -> None:
    metrics = root / "metrics"
    metrics.mkdir()
    (metrics / "summary.json").write_text("{}")
    summary = {"map_iou": {"mean": 0.5, "std": 0.1}, "fold": {"0": {"iou": 0.25}}, "tiles": 7}
    log_evaluation(params, summary, metrics)
    client, experiment = open_store(params.tracking.experiment)
    (run,) = client.search_runs([experiment])
    assert run.info.status == "FINISHED"
    assert run.info.run_name == f"{params.backbone} all folds"
    assert run.data.tags["kind"] == "evaluation"
    assert run.data.metrics == {
        "cv_map_iou_mean": 0.5,
        "cv_map_iou_std": 0.1,
        "cv_tiles": 7,
    }
    assert run.data.params["evaluate.threshold"] == str(params.evaluate.threshold)
    assert [artifact.path for artifact in client.list_artifacts(run.info.run_id)] == [
        "summary.json"
    ]
