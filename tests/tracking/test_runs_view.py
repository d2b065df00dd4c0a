"""The view that the printed address opens; a browser opens it in tests/browser."""

import json

from saltseg.scoring.scores import DECIDING
from saltseg.tracking.addresses import runs_sentence
from saltseg.tracking.mirror import mirror
from saltseg.tracking.store import Store
from tests.runs.sample import WriteOutputs


def test_the_printed_address_names_a_view_that_the_experiment_has(
    store: Store, write_outputs: WriteOutputs
) -> None:
    # As in a store of an older version.
    assert not any("View" in key for key in _tags(store))
    shown = mirror(write_outputs("lossy-lynx"))
    name = runs_sentence(shown.experiment).rsplit("?viewStateShareKey=", 1)[1]
    state = json.loads(_tags(store)[f"mlflow.sharedViewState.{name}"])
    (run,) = store.find(kind="experiment")
    known = {f"metrics.`{key}`" for key in run.data.metrics}
    known |= {f"params.`{key}`" for key in run.data.params}
    assert set(state["selectedColumns"]) <= known
    assert state["selectedColumns"][0] == f"metrics.`cv_{DECIDING.name}_mean`"


def test_it_hides_what_was_killed_and_older_comparisons(
    store: Store, write_outputs: WriteOutputs
) -> None:
    mirror(write_outputs("lossy-lynx"))
    before = {run.info.run_id for run in store.find()}
    for kind, status in (("fold", "KILLED"), ("comparison", "FINISHED"), ("fold", "RUNNING")):
        run = store.client.create_run(store.experiment, tags={"kind": kind}, run_name=status)
        store.client.set_terminated(run.info.run_id, status=status)
    (view,) = (json.loads(v) for k, v in _tags(store).items() if "View" in k)
    found = store.client.search_runs([store.experiment], view["searchFilter"])
    others = [run.info.run_name for run in found if run.info.run_id not in before]
    assert others == ["RUNNING"]
    assert len(found) == len(before) + 1


def _tags(store: Store) -> dict[str, str]:
    return dict(store.client.get_experiment(store.experiment).tags)
