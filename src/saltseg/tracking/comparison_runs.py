"""A comparison in MLflow: a run that links to its inputs and carries the report.

They have an experiment of their own, so that the table of runs holds what was trained.
"""

import time
from collections.abc import Sequence
from pathlib import Path

from mlflow.entities import Metric

from saltseg.comparison.networks import Comparison
from saltseg.tracking.comparable import ShownRun
from saltseg.tracking.fold_runs import log_data
from saltseg.tracking.store import Store, open_store


def log_comparison(
    store: Store,
    runs: Sequence[ShownRun],
    comparisons: Sequence[Comparison],
    warnings: Sequence[str],
    report: Path,
) -> str:
    """Log a comparison; an earlier one of the same runs is replaced.

    Args:
        store: Of the runs.
        runs: The runs compared, the first with each of the others.
        comparisons: The results, in this order.
        warnings: Why they may mean nothing.
        report: The page.

    Returns:
        The run's id.
    """
    client, own = store.client, comparisons_of(store)
    compared = ", ".join(one.run.info.run_id for one in runs)
    # Older versions put them among the runs.
    for where in (own, store):
        for earlier in where.find(kind="comparison", compared=compared):
            client.delete_run(earlier.info.run_id)
    tags = {
        "kind": "comparison",
        "compared": compared,
        "mlflow.note.content": _note(store, runs, comparisons, warnings),
    }
    name = " vs ".join(one.name for one in runs)
    run_id: str = client.create_run(own.experiment, run_name=name, tags=tags).info.run_id
    client.log_batch(run_id, metrics=_metrics(comparisons))
    data_digest = runs[0].run.data.tags.get("data_digest")
    log_data(client, run_id, runs[0].outputs.params["dataset"], data_digest)
    client.log_artifact(run_id, str(report))
    client.set_terminated(run_id, status="FINISHED")
    return run_id


def _metrics(comparisons: Sequence[Comparison]) -> list[Metric]:
    """Each difference with its interval, chances, and the hold-out's; a step each comparison."""
    now, metrics = int(time.time() * 1000), []
    for step, comparison in enumerate(comparisons):
        for difference in comparison.differences:
            name = f"difference_{difference.score}"
            metrics.append(Metric(name, difference.mean, now, step))
            if difference.folds:
                metrics.append(Metric(f"{name}_low", difference.folds.low, now, step))
                metrics.append(Metric(f"{name}_high", difference.folds.high, now, step))
        if chances := comparison.differences[0].chances:
            for what, chance in chances._asdict().items():
                metrics.append(Metric(f"probability_{what}", chance, now, step))
        for unseen in comparison.holdout:
            name = f"difference_holdout_{unseen.score}"
            metrics.append(Metric(name, unseen.mean, now, step))
    return metrics


def comparisons_of(store: Store) -> Store:
    """The experiment that holds comparisons of the runs of another one: "saltseg comparisons"."""
    return open_store(f"{store.client.get_experiment(store.experiment).name} comparisons")


def _note(
    store: Store,
    runs: Sequence[ShownRun],
    comparisons: Sequence[Comparison],
    warnings: Sequence[str],
) -> str:
    """Verdicts, and links to the runs compared, as the UI renders them."""
    links = [
        f"- [{one.name}](#/experiments/{store.experiment}/runs/{one.run.info.run_id})"
        for one in runs
    ]
    lines = [f"**Warning:** {warning}" for warning in warnings]
    lines += [f"{one.verdict} {one.outlook}".strip() for one in comparisons]
    return "\n\n".join([*lines, "\n".join(links), "The report is the artifact `report.html`."])
