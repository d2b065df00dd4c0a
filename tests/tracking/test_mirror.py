"""The store shows what the outputs say: once, whole, and again after it was lost."""

import shutil
from collections import Counter
from pathlib import Path
from urllib.parse import urlparse

import pytest
from mlflow.entities import Run

from saltseg.errors import DataError
from saltseg.tracking.fold_runs import PARENT, log_result, open_fold_run
from saltseg.tracking.lookup import run_called
from saltseg.tracking.mirror import mirror
from saltseg.tracking.stamps import stamped
from saltseg.tracking.store import Store
from tests.runs.sample import EPOCHS, WriteOutputs


def children(store: Store, parent: str) -> list[Run]:
    return sorted(store.find(**{PARENT: parent}), key=lambda run: run.data.tags["fold"])


def live(store: Store, outputs, fold: int, loss: float = 0.0) -> str:
    """A fold as live training leaves it."""
    tags = {"key": outputs.fold_keys[fold], "host": "here"}
    run_id = open_fold_run(store, outputs.params, fold, tags, start=1000)
    history = outputs.history(fold)
    history["loss"] += loss
    for step, row in enumerate(history.to_dict("records"), start=1):
        for name in history.columns.drop("epoch"):
            store.client.log_metric(run_id, name, row[name], step=step)
        store.client.log_metric(run_id, "epoch_seconds", 10.0 * step, step=step)
        store.client.log_metric(run_id, "peak_memory_mib", 500.0 + fold, step=step)
    log_result(store.client, run_id, history, "live")
    store.client.set_terminated(run_id)
    return run_id


def test_an_experiment_has_curves_scores_figures_and_its_folds_below(
    store: Store, write_outputs: WriteOutputs
) -> None:
    outputs = write_outputs("lossy-lynx")
    shown = mirror(outputs)
    assert shown.name == f"{outputs.backbone} lossy-lynx"
    assert shown.done == Counter(written=3)
    parent = store.client.get_run(shown.run_id)
    assert parent.info.status == "FINISHED"
    assert parent.data.tags["dvc_experiment"] == "lossy-lynx"
    assert parent.data.tags["data_digest"] == "aaa.dir"
    assert parent.data.metrics["cv_map_iou_mean"] == 0.5
    assert parent.data.metrics["empty_map_iou"] == 0.5
    honest = {"leak_neighbour": 0.25, "ece": 0.03, "holdout_map_iou": 0.58}
    assert {name: parent.data.metrics[name] for name in honest} == honest
    # What else an evaluation says is in its files: a dozen numbers, and those of the curves.
    assert not {"brier", "leak_mosaic", "threshold_naive"} & set(parent.data.metrics)
    assert len(set(parent.data.metrics) - set(EPOCHS)) <= 15
    assert parent.data.metrics["gflops"] == 0.5
    assert "epoch_seconds" not in parent.data.metrics
    assert parent.data.params["train.folds"] == "[0, 1]"
    assert parent.data.params["evaluate.threshold"] == "0.5"
    curve = store.client.get_metric_history(shown.run_id, "loss")
    assert sorted((p.step, p.value) for p in curve) == [(1, 1.55), (2, 0.55), (3, 0.45)]
    (data,) = parent.inputs.dataset_inputs
    assert data.dataset.digest == "aaa.dir"
    logged = {artifact.path for artifact in store.client.list_artifacts(shown.run_id)}
    assert logged >= {"params.yaml", "dvc.lock", "summary.json", "tiles.csv"}
    first, second = children(store, shown.run_id)
    assert first.info.run_name == f"{outputs.backbone} fold 0"
    assert first.data.metrics["loss"] == pytest.approx(0.4)
    assert second.data.metrics["loss"] == pytest.approx(0.5)
    assert first.data.metrics["best_val_map_iou"] == 0.7
    assert "evaluate.threshold" not in first.data.params
    pictures = {artifact.path for artifact in store.client.list_artifacts(first.info.run_id)}
    assert pictures == {"history.csv", "learning_curves.png"}


def test_twice_gives_nothing_new(store: Store, write_outputs: WriteOutputs) -> None:
    outputs = write_outputs()
    first = mirror(outputs)
    before = {run.info.run_id for run in store.client.search_runs([store.experiment])}
    again = mirror(outputs)
    assert again.done == Counter(kept=3)
    assert again.run_id == first.run_id
    assert {run.info.run_id for run in store.client.search_runs([store.experiment])} == before


def test_live_runs_are_adopted_with_their_costs(store: Store, write_outputs: WriteOutputs) -> None:
    outputs = write_outputs()
    watched = [live(store, outputs, fold) for fold in (0, 1)]
    shown = mirror(outputs)
    assert shown.done == Counter(written=1, adopted=2)
    assert [run.info.run_id for run in children(store, shown.run_id)] == watched
    costs = store.client.get_run(shown.run_id).data.metrics
    # The first epoch, which compiles, does not count: median of 20, 30, 20, 30.
    assert (costs["epoch_seconds"], costs["peak_memory_mib"]) == (25, 501)


def test_a_second_experiment_with_the_same_folds_gets_copies(
    store: Store, write_outputs: WriteOutputs
) -> None:
    outputs = write_outputs()
    for fold in (0, 1):
        live(store, outputs, fold)
    first = mirror(outputs)
    second = mirror(write_outputs("picky", threshold=0.6))
    assert second.run_id != first.run_id
    assert second.done == Counter(written=1, copied=2)
    for one, other in zip(
        children(store, first.run_id), children(store, second.run_id), strict=True
    ):
        assert other.data.metrics == one.data.metrics
        assert other.data.params == one.data.params
        assert other.info.start_time == one.info.start_time
    assert mirror(write_outputs("picky", threshold=0.6)).done == Counter(kept=3)


def test_other_code_gives_another_experiment(store: Store, write_outputs: WriteOutputs) -> None:
    first, second = mirror(write_outputs()), mirror(write_outputs(code="edited"))
    assert second.done == Counter(written=3)
    assert len(children(store, first.run_id)) == len(children(store, second.run_id)) == 2


def test_runs_that_disagree_with_the_outputs_are_written_again(
    store: Store, write_outputs: WriteOutputs
) -> None:
    outputs = write_outputs()
    wrong = live(store, outputs, fold=0, loss=1e-3)
    shown = mirror(outputs)
    assert shown.done == Counter(written=3)
    assert store.client.get_run(wrong).info.lifecycle_stage == "deleted"
    store.client.log_metric(shown.run_id, "val_iou", 0.9, step=2)
    mended = mirror(outputs)
    assert mended.run_id != shown.run_id
    assert mended.done == Counter(written=1, adopted=2)
    assert store.client.get_run(shown.run_id).info.lifecycle_stage == "deleted"


def test_outputs_that_changed_under_the_same_key_replace_the_run(
    store: Store, write_outputs: WriteOutputs
) -> None:
    """As on another machine, where the same inputs give other roundings."""
    mirror(write_outputs())
    shown = mirror(write_outputs(shift=0.25))
    assert shown.done == Counter(written=3)
    alive = store.client.search_runs([store.experiment])
    assert len(alive) == 3
    assert {run.data.tags.get(PARENT) for run in alive} == {None, shown.run_id}


def test_a_deleted_fold_comes_back(store: Store, write_outputs: WriteOutputs) -> None:
    outputs = write_outputs()
    shown = mirror(outputs)
    store.client.delete_run(children(store, shown.run_id)[1].info.run_id)
    assert mirror(outputs).done == Counter(kept=2, written=1)
    assert len(children(store, shown.run_id)) == 2


def test_lost_files_come_back(store: Store, write_outputs: WriteOutputs) -> None:
    outputs = write_outputs()
    shown = mirror(outputs)
    for run_id in (shown.run_id, children(store, shown.run_id)[0].info.run_id):
        shutil.rmtree(urlparse(store.client.get_run(run_id).info.artifact_uri).path)
    mended = mirror(outputs)
    assert mended.done == Counter(written=2, adopted=1)
    assert "tiles.csv" in store.files(mended.run_id)
    assert all("history.csv" in store.files(r.info.run_id) for r in children(store, mended.run_id))


def test_a_fold_trained_twice_to_the_same_end_is_shown_once(
    store: Store, write_outputs: WriteOutputs
) -> None:
    outputs = write_outputs()
    for _ in range(2):
        live(store, outputs, fold=0)
    assert mirror(outputs).done == Counter(written=2, adopted=1)
    live(store, outputs, fold=0)
    assert mirror(outputs).done == Counter(kept=3)
    assert len(store.client.search_runs([store.experiment])) == 3


def test_a_fold_trained_anew_is_looked_at_though_nothing_has_changed(
    store: Store, write_outputs: WriteOutputs
) -> None:
    """As `dvc repro --force` does it: the store then shows what it showed before."""
    outputs, edited = write_outputs(), write_outputs(code="edited")
    for one in (outputs, write_outputs("picky", threshold=0.6), edited):
        mirror(one)
    assert stamped(outputs)
    before = {run.info.run_id for run in store.client.search_runs([store.experiment])}
    live(store, outputs, fold=1)
    assert not stamped(outputs)
    assert stamped(edited)
    mirror(outputs)
    assert stamped(outputs)
    assert {run.info.run_id for run in store.client.search_runs([store.experiment])} == before


def test_a_run_is_called_after_the_newest_experiment_with_these_outputs(
    store: Store, write_outputs: WriteOutputs
) -> None:
    assert mirror(write_outputs()).name == write_outputs().backbone
    assert mirror(write_outputs("zesty")).done == Counter(kept=3)
    shown = mirror(write_outputs("aloof"))
    assert shown.name == f"{write_outputs().backbone} aloof"
    assert mirror(write_outputs()).name == shown.name
    run = store.client.get_run(shown.run_id)
    assert run.info.run_name == shown.name
    assert run.data.tags["dvc_experiment"] == "zesty, aloof"
    for name in ("zesty", "aloof", "resnet50"):
        assert run_called(store, name).info.run_id == shown.run_id
    # As `saltseg track --all` does: the oldest first, so that the newest that is left stays.
    assert mirror(write_outputs("zesty")).name == "resnet50 zesty"


def test_stamp_holds_until_the_run_or_the_store_is_gone(
    store: Store,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    write_outputs: WriteOutputs,
) -> None:
    outputs = write_outputs()
    assert not stamped(outputs)
    shown = mirror(outputs)
    assert stamped(outputs)
    assert not stamped(write_outputs(threshold=0.7))
    store.client.delete_run(shown.run_id)
    assert not stamped(outputs)
    mirror(outputs)
    assert stamped(outputs)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'new.db'}")
    assert not stamped(outputs)
    mirror(outputs)
    assert stamped(outputs)
    (tmp_path / "new.db").unlink()
    assert not stamped(outputs)


def test_outputs_without_evaluation_are_refused(store: Store, write_outputs: WriteOutputs) -> None:
    outputs = write_outputs()
    outputs.params["backbone"] = "vgg16"
    with pytest.raises(DataError, match=r"workspace: not evaluated as params\.yaml asks"):
        mirror(outputs)
    missing = write_outputs()
    missing.files.rm(f"models/{missing.backbone}/fold-1/history.csv")
    with pytest.raises(DataError, match=r"fold-1/history\.csv is missing"):
        mirror(missing)


def test_what_an_interrupted_mirror_left_is_cleared_away(
    store: Store, write_outputs: WriteOutputs
) -> None:
    outputs = write_outputs()
    shown = mirror(outputs)
    tags = {"key": outputs.fold_keys[1], PARENT: shown.run_id}
    open_fold_run(store, outputs.params, 1, tags, start=1000)
    assert mirror(outputs).done == Counter(kept=3)
    assert len(children(store, shown.run_id)) == 2


def test_folds_of_a_parent_that_is_gone_for_good_are_adopted(
    store: Store, write_outputs: WriteOutputs
) -> None:
    outputs = write_outputs()
    shown = mirror(outputs)
    for run in children(store, shown.run_id):
        store.client.set_tag(run.info.run_id, PARENT, "0" * 32)
    store.client.delete_run(shown.run_id)
    assert mirror(outputs).done == Counter(written=1, adopted=2)
