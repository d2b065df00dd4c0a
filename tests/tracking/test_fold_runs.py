"""Folds that begin at the same moment, as those of a fan-out do."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from saltseg.tracking.fold_runs import log_data
from saltseg.tracking.store import Store

FOLDS = 4


def test_folds_that_begin_together_share_their_data(store: Store) -> None:
    runs = [store.client.create_run(store.experiment).info.run_id for _ in range(FOLDS)]
    ready = Barrier(FOLDS)

    def begin(run_id: str, digest: str) -> None:
        ready.wait()
        log_data(store.client, run_id, "data/tgs", digest)

    digests = [f"{number:032x}" for number in range(10)]  # ten chances to meet
    with ThreadPoolExecutor(FOLDS) as pool:
        for digest in digests:
            list(pool.map(begin, runs, [digest] * FOLDS))
    for run_id in runs:
        inputs = store.client.get_run(run_id).inputs.dataset_inputs
        assert sorted(one.dataset.digest for one in inputs) == digests
