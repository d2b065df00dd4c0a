"""A comparison is a run of its own, which links to what it compares."""

from pathlib import Path

from saltseg.comparison.networks import compare
from saltseg.tracking.comparison_runs import comparisons_of, log_comparison
from saltseg.tracking.lookup import choose
from saltseg.tracking.mirror import mirror
from saltseg.tracking.store import Store
from tests.report.sample import contestant, uneven
from tests.runs.sample import WriteOutputs


def test_it_links_to_its_inputs_and_replaces_its_predecessor(
    store: Store, write_outputs: WriteOutputs, tmp_path: Path
) -> None:
    for outputs in (write_outputs("lossy-lynx"), write_outputs("vivid-vole", code="c1")):
        mirror(outputs)
    runs = choose(store, ["lossy-lynx", "vivid-vole"])
    result = compare(uneven(contestant("lossy-lynx", 0.1)), contestant("vivid-vole"))
    report = tmp_path / "report.html"
    report.write_text("the page")
    first = log_comparison(store, runs, [result], ["the data differ"], report)
    second = log_comparison(store, runs, [result], ["the data differ"], report)
    assert not store.find(kind="comparison")
    own = comparisons_of(store)
    (logged,) = own.find(kind="comparison")
    assert logged.info.run_id == second != first
    assert logged.info.run_name == f"{runs[0].name} vs {runs[1].name}"
    note = logged.data.tags["mlflow.note.content"]
    assert note.startswith("**Warning:** the data differ")
    assert result.outlook
    assert f"{result.verdict} {result.outlook}" in note
    for one in runs:
        assert f"(#/experiments/{store.experiment}/runs/{one.run.info.run_id})" in note
    difference = result.differences[0]
    assert logged.data.metrics["difference_map_iou"] == difference.mean
    assert [file.path for file in store.client.list_artifacts(second)] == ["report.html"]
    (data,) = logged.inputs.dataset_inputs
    assert data.dataset.digest == "aaa.dir"
    # The other way round is another comparison.
    log_comparison(store, runs[::-1], [result], [], report)
    assert len(own.find(kind="comparison")) == 2


def test_one_that_an_older_version_put_among_the_runs_is_replaced(
    store: Store, write_outputs: WriteOutputs, tmp_path: Path
) -> None:
    for outputs in (write_outputs("lossy-lynx"), write_outputs("vivid-vole", code="c1")):
        mirror(outputs)
    runs = choose(store, ["lossy-lynx", "vivid-vole"])
    (report := tmp_path / "report.html").write_text("the page")
    compared = ", ".join(one.run.info.run_id for one in runs)
    for name, of in {"the same": compared, "another": f"{compared}, third"}.items():
        tags = {"kind": "comparison", "compared": of}
        store.client.create_run(store.experiment, run_name=name, tags=tags)
    result = compare(contestant("lossy-lynx"), contestant("vivid-vole", 0.1))
    log_comparison(store, runs, [result], [], report)
    assert [run.info.run_name for run in store.find(kind="comparison")] == ["another"]


def test_chances_are_metrics_where_there_are_any(
    store: Store, write_outputs: WriteOutputs, tmp_path: Path
) -> None:
    for outputs in (write_outputs("lossy-lynx"), write_outputs("vivid-vole", code="c1")):
        mirror(outputs)
    runs = choose(store, ["lossy-lynx", "vivid-vole"])
    (report := tmp_path / "report.html").write_text("the page")
    first, same = contestant("lossy-lynx"), contestant("vivid-vole")
    for other in (same, contestant("vivid-vole", 0.1), contestant("vivid-vole", 0.1, folds=1)):
        log_comparison(store, runs, [result := compare(first, other)], [], report)
        (logged,) = comparisons_of(store).find(kind="comparison")
        names = [f"probability_{what}" for what in ("first", "equal", "second")]
        found = tuple(map(logged.data.metrics.get, names))
        assert found == (result.differences[0].chances or (None,) * 3)
    assert compare(first, same).differences[0].chances == (0, 1, 0)
