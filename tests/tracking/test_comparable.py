"""Runs are found by what a user calls them, and checked against each other."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlparse

import pandas as pd
import pytest

from saltseg.comparison.networks import compare
from saltseg.errors import DataError
from saltseg.figures.comparison import iou_curves
from saltseg.params import Params
from saltseg.report.tables import cost_table
from saltseg.tracking.comparable import ShownRun, differing, labels, obstacles
from saltseg.tracking.lookup import choose
from saltseg.tracking.mirror import mirror
from saltseg.tracking.store import Store, open_store
from tests.runs.sample import writer


@pytest.fixture(scope="module")
def store(root: Path) -> Store:
    """One for all tests, which leave it as it was."""
    return open_store("contestants")


@pytest.fixture(scope="module")
def several(
    store: Store, params: Params, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, str]:
    """Ids of runs: the workspace's, and two experiments, oldest first."""
    write = writer(tmp_path_factory.mktemp("several"), params, "contestants")
    outputs = (
        write(),
        write("lossy-lynx", code="c1"),
        write("vivid-vole", threshold=0.6),
    )
    return {one.name: mirror(one).run_id for one in outputs}


@contextmanager
def tagged(store: Store, run_id: str, name: str, value: str) -> Iterator[None]:
    """A tag with another value, for a while."""
    before = store.client.get_run(run_id).data.tags[name]
    store.client.set_tag(run_id, name, value)
    try:
        yield
    finally:
        store.client.set_tag(run_id, name, before)


@contextmanager
def edited(one: ShownRun, name: str, edit: Callable[[str], str]) -> Iterator[None]:
    """An artifact with another content, for a while."""
    path = Path(urlparse(one.run.info.artifact_uri).path) / name
    before = path.read_text()
    path.write_text(edit(before))
    try:
        yield
    finally:
        path.write_text(before)


def ids(runs: list[ShownRun]) -> list[str]:
    return [one.run.info.run_id for one in runs]


@pytest.mark.parametrize("call", ["id", "short id", "run name", "experiment"])
def test_a_run_is_found_by_any_of_its_names(
    store: Store, several: dict[str, str], tmp_path: Path, call: str
) -> None:
    wanted = several["lossy-lynx"]
    run = store.client.get_run(wanted)
    name = {
        "id": wanted,
        "short id": wanted[:8],
        "run name": run.info.run_name,
        "experiment": "lossy-lynx",
    }[call]
    assert ids(choose(store, [name, several["workspace"]])) == [
        wanted,
        several["workspace"],
    ]


def test_a_backbone_stands_for_its_newest_run_unless_a_run_has_that_very_name(
    store: Store, several: dict[str, str], params: Params, tmp_path: Path
) -> None:
    assert ids(choose(store, [params.backbone])) == [several["workspace"]]
    store.client.delete_run(several["workspace"])
    try:
        assert ids(choose(store, [params.backbone])) == [several["vivid-vole"]]
    finally:
        store.client.restore_run(several["workspace"])


def test_without_names_the_newest_two_with_the_same_data_older_first(
    store: Store, several: dict[str, str], tmp_path: Path
) -> None:
    assert ids(choose(store, [])) == [several["lossy-lynx"], several["vivid-vole"]]
    with tagged(store, several["vivid-vole"], "data_digest", "other"):
        assert ids(choose(store, [])) == [several["workspace"], several["lossy-lynx"]]
        with (
            tagged(store, several["workspace"], "folds_digest", "other"),
            pytest.raises(DataError, match="no two finished runs with the same data and folds"),
        ):
            choose(store, [])


def test_unknown_name_lists_the_known_ones(
    store: Store, several: dict[str, str], tmp_path: Path
) -> None:
    with pytest.raises(DataError, match=r"no run 'vgg99': .*runs .* lossy-lynx.*; backbones resn"):
        choose(store, ["vgg99"])


def test_empty_store_says_what_to_do(root: Path, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="run `dvc repro`, or `saltseg track --all`"):
        choose(open_store("empty"), [])


def test_a_run_without_its_files_says_how_to_get_them_back(
    store: Store, several: dict[str, str], tmp_path: Path
) -> None:
    folder = Path(urlparse(store.client.get_run(several["lossy-lynx"]).info.artifact_uri).path)
    folder.rename(tmp_path / "elsewhere")
    try:
        with pytest.raises(DataError, match=r"tiles\.csv of run .* are gone; `saltseg track"):
            choose(store, ["lossy-lynx"])
    finally:
        (tmp_path / "elsewhere").rename(folder)


def test_all_that_differs_is_listed(store: Store, several: dict[str, str], tmp_path: Path) -> None:
    runs = choose(store, ["lossy-lynx", "vivid-vole"])
    assert obstacles(runs) == []
    assert differing(runs) == [
        ("evaluate.threshold", ("0.5", "0.6")),
        ("src/loss.py", ("0c1", "0c0")),
    ]
    assert differing([runs[0], runs[0]]) == []


@pytest.mark.parametrize("tag", ["data_digest", "folds_digest"])
def test_other_data_or_folds_are_obstacles(
    store: Store, several: dict[str, str], tmp_path: Path, tag: str
) -> None:
    with tagged(store, several["vivid-vole"], tag, "0123456789"):
        (obstacle,) = obstacles(choose(store, ["lossy-lynx", "vivid-vole"]))
    assert tag.split("_")[0] in obstacle
    assert "01234567)" in obstacle


def test_a_digest_that_is_not_recorded_is_said_so(
    store: Store, several: dict[str, str], tmp_path: Path
) -> None:
    run_id = several["lossy-lynx"]
    digest = store.client.get_run(run_id).data.tags["data_digest"]
    store.client.delete_tag(run_id, "data_digest")
    try:
        (obstacle,) = obstacles(choose(store, ["lossy-lynx", "vivid-vole"]))
    finally:
        store.client.set_tag(run_id, "data_digest", digest)
    assert "lossy-lynx: not recorded, resnet50 vivid-vole: aaa.dir" in obstacle


def test_other_scored_folds_are_an_obstacle(
    store: Store, several: dict[str, str], tmp_path: Path
) -> None:
    runs = choose(store, ["lossy-lynx", "vivid-vole"])
    fewer = runs[0].outputs.tiles.query("fold == 0")
    runs[0].outputs.__dict__["tiles"] = fewer
    (obstacle,) = obstacles(runs)
    names = [one.name for one in runs]
    assert obstacle == f"the scored folds differ ({names[0]}: [0], {names[1]}: [0, 1])"
    many = pd.concat([runs[1].outputs.tiles.assign(fold=fold) for fold in range(12)])
    runs[1].outputs.__dict__["tiles"] = many
    assert f"{names[1]}: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])" in obstacles(runs)[0]


def test_damaged_scores_are_not_compared(
    store: Store, several: dict[str, str], tmp_path: Path
) -> None:
    (one,) = choose(store, ["lossy-lynx"])
    with edited(one, "tiles.csv", lambda text: "".join(text.splitlines(keepends=True)[:3])):
        match = r"^run .*: metrics/tiles.csv is not what its dvc.lock records; delete the run"
        with pytest.raises(DataError, match=match):
            _ = one.outputs.tiles


def test_damaged_records_are_one_line(
    store: Store, several: dict[str, str], tmp_path: Path
) -> None:
    (one,) = choose(store, ["lossy-lynx"])
    for name, read in (("params.yaml", "params"), ("dvc.lock", "lock")):
        match = rf"^run .*: {name}: damaged .*delete the run, then"
        with edited(one, name, lambda _: "stages: ["), pytest.raises(DataError, match=match):
            getattr(one.outputs, read)


def test_other_tiles_are_an_obstacle(store: Store, several: dict[str, str], tmp_path: Path) -> None:
    runs = choose(store, ["lossy-lynx", "vivid-vole"])
    runs[0].outputs.__dict__["tiles"] = runs[0].outputs.tiles.query("id != 'b'")
    assert obstacles(runs) == ["the scored tiles differ"]


def test_machines_that_differ_are_told(
    store: Store, several: dict[str, str], tmp_path: Path
) -> None:
    run_id = several["vivid-vole"]
    store.client.set_tag(run_id, "threads", "64")
    rows = dict(differing(choose(store, ["lossy-lynx", "vivid-vole"])))
    store.client.delete_tag(run_id, "threads")
    assert rows["threads"] == ("not recorded", "64")


def test_a_run_of_an_older_commit_can_be_compared(
    store: Store, several: dict[str, str], tmp_path: Path
) -> None:
    """With what has another name now, and without what has been recorded since."""
    old, new = choose(store, ["lossy-lynx", "vivid-vole"])
    old.outputs.params["preprocess"]["size"] = old.outputs.params["preprocess"].pop("side")
    del old.outputs.params["train"]["augment"]["contrast"]
    for name in ("parameters", "gflops"):
        del old.run.data.metrics[name]
    rows = dict(differing([old, new]))
    assert not {"preprocess.size", "preprocess.side"} & rows.keys()
    assert rows["train.augment.contrast"] == ("not recorded", "0.5")
    cost = old.contestant("old").cost
    assert (cost.parameters, cost.gflops) == (None, None)
    compare(old.contestant("old"), new.contestant("new"))
    rows = {row[0]: row[1] for row in cost_table([old.contestant("old")]).rows}
    assert set(rows.values()) == {"not recorded"}
    old.outputs.params["preprocess"]["size"] = 64
    assert dict(differing([old, new]))["preprocess.side"] == ("64", "32")


def test_a_table_without_a_column_of_today_is_one_line(
    store: Store, several: dict[str, str], tmp_path: Path
) -> None:
    (one,) = choose(store, ["lossy-lynx"])
    with edited(one, "curves_folds.csv", lambda text: text.replace("val_iou", "other")):
        assert "competition metric" in iou_curves([one.contestant("x")])
    match = r"^run .*: metrics/curves_folds.csv holds no val_map_iou, which"
    with (
        edited(one, "curves_folds.csv", lambda text: text.replace("val_map_iou", "other")),
        pytest.raises(DataError, match=match),
    ):
        one.contestant("x")


def test_contestant_holds_tiles_curves_and_costs(
    store: Store, several: dict[str, str], tmp_path: Path
) -> None:
    (one,) = choose(store, ["lossy-lynx"])
    contestant = one.contestant("first")
    assert contestant.label == "first"
    assert contestant.tiles["id"].tolist() == ["a", "b", "c", "d"]
    assert set(contestant.curves["fold"]) == {0, 1}
    assert contestant.n_splits == 5
    assert (contestant.cost.parameters, contestant.cost.gflops) == (1000, 0.5)
    assert contestant.cost.epoch_seconds is None


def test_labels_are_unique(store: Store, several: dict[str, str], tmp_path: Path) -> None:
    runs = choose(store, ["lossy-lynx", "vivid-vole", "lossy-lynx"])
    first, second, third = labels(runs)
    assert second.endswith("vivid-vole")
    assert first == third == f"{runs[0].name} {several['lossy-lynx'][:6]}"


def test_only_what_is_needed_is_fetched(
    store: Store, several: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A registered model lies among a run's artifacts, and may be large."""
    fetched: list[str] = []
    fetch = store.client.download_artifacts

    def counted(run_id: str, path: str, folder: str) -> str:
        fetched.append(path)
        return str(fetch(run_id, path, folder))

    monkeypatch.setattr(store.client, "download_artifacts", counted)
    (one,) = choose(store, ["lossy-lynx"])
    assert fetched == []
    one.contestant("x")
    assert set(fetched) == {"params.yaml", "dvc.lock", "tiles.csv", "curves_folds.csv"}
