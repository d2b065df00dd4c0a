"""The registry: one version for each run, and the best one is the champion."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlparse

import mlflow
import numpy as np
import pytest

from saltseg.errors import WeightsError
from saltseg.inference.files import load_models, read_folder
from saltseg.params import load_params
from saltseg.runs.outputs import Outputs
from saltseg.tracking.lookup import choose
from saltseg.tracking.mirror import mirror
from saltseg.tracking.registered import fetch_registered
from saltseg.tracking.registry import CHAMPION, Registered, register, save_pyfunc
from saltseg.tracking.store import Store, open_store
from saltseg.tracking.uri import folder_name
from tests.conftest import ROOT
from tests.inference.sample import picture, write_models
from tests.runs.sample import WriteOutputs, writer

TILES = np.stack([picture(101, 101, seed) for seed in range(2)])
Put = Callable[..., Registered]


@pytest.fixture(scope="module")
def models(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models") / "plain"
    write_models(folder)
    return folder


@pytest.fixture
def put(store: Store, models: Path, tmp_path: Path) -> Put:
    """Registers the model of some outputs, which MLflow shows then."""

    def registered(outputs: Outputs, force: bool = False) -> Registered:
        run_id = mirror(outputs).run_id
        folder = tmp_path / f"artifacts-{run_id}-{force}"
        folder.mkdir(exist_ok=True)
        [run] = choose(store, [run_id])
        return register(store, run, models, force)

    return registered


def champion(store: Store, name: str) -> str:
    return str(store.client.get_model_version_by_alias(name, CHAMPION).version)


def test_only_what_is_no_worse_takes_the_champions_place(
    store: Store, put: Put, write_outputs: WriteOutputs
) -> None:
    first = put(write_outputs("first", code="a", score=0.6))
    assert (first.new, first.champion, first.reason) == (True, True, "there was none")
    worse = put(write_outputs("worse", code="b", score=0.5))
    assert (worse.version, worse.champion) == ("2", False)
    assert worse.reason.startswith(
        "its mean map_iou is 0.100 below that of the champion so far (0.500 against 0.600). "
    )
    assert champion(store, first.name) == "1"
    better = put(write_outputs("better", code="c", score=0.7))
    assert (better.version, better.champion) == ("3", True)
    equal = put(write_outputs("equal", code="d", score=0.7))
    assert equal.champion
    assert champion(store, first.name) == "4"
    assert "is that of the champion so far (0.700 against 0.700). " in equal.reason
    assert "identical" in equal.reason
    assert put(write_outputs("worse", code="b", score=0.5), force=True).champion
    assert champion(store, first.name) == "2"


def test_a_run_has_one_version(store: Store, put: Put, write_outputs: WriteOutputs) -> None:
    outputs = write_outputs("first", code="a")
    once, again = put(outputs), put(outputs)
    assert (once.version, once.new) == ("1", True)
    assert (again.version, again.new, again.reason) == ("1", False, "it is already")
    assert len(store.client.search_model_versions(f"name = '{once.name}'")) == 1
    assert "serve it: mlflow models serve --env-manager local -m models:/" in again.text()
    held = store.client.get_model_version(once.name, "1")
    model = Path(urlparse(held.source).path)
    files = {path.relative_to(model) for path in model.rglob("*")}
    shutil.rmtree(model)
    assert not put(outputs).new
    assert {path.relative_to(model) for path in model.rglob("*")} == files


def test_any_name_of_an_experiment_will_do(root: Path, models: Path, tmp_path: Path) -> None:
    for place, name in enumerate(("team/salt:it's", "team/salt", "..")):
        (tmp_path / str(place)).mkdir()
        write = writer(tmp_path / str(place), load_params(ROOT / "params.yaml"), name)
        named = open_store(name)
        [run] = choose(named, [mirror(write("first", code="a")).run_id])
        for _ in range(2):
            done = register(named, run, models, force=False)
            assert (done.version, done.champion) == ("1", True)
        assert done.name == folder_name(name)
        assert champion(named, done.name) == "1"
        source = urlparse(named.client.get_model_version(done.name, "1").source).path
        assert Path(source).is_relative_to(root / "mlartifacts" / folder_name(name))


def test_a_registered_model_is_fetched_by_its_uri(
    store: Store, put: Put, write_outputs: WriteOutputs, tmp_path: Path
) -> None:
    outputs = write_outputs("first", code="a")
    name = put(outputs).name
    params = outputs.read("params.yaml").decode()
    (Path.cwd() / "params.yaml").write_text(params)
    for ending in ("/1", "/latest", "@champion"):
        uri, into = f"models:/{name}{ending}", tmp_path / ending[1:]
        into.mkdir()
        _, weights = read_folder(fetch_registered(uri, into))
        assert len(weights) == 2
    for uri in (f"models:/{name}/7", "models:/none/1", "models:/a/b/c", f"models:/{name}@nobody"):
        with pytest.raises(WeightsError, match=rf"^no {uri} .*there are: .*models:/{name}/1"):
            fetch_registered(uri, tmp_path)
    source = Path(urlparse(store.client.get_model_version(name, "1").source).path)
    shutil.rmtree(source / "artifacts")
    with pytest.raises(WeightsError, match="holds no networks that `saltseg register` wrote"):
        fetch_registered(f"models:/{name}/1", tmp_path)
    shutil.rmtree(source)
    with pytest.raises(WeightsError, match=r"its files are gone from .*`saltseg register`"):
        fetch_registered(f"models:/{name}/1", tmp_path)


def test_what_cannot_be_compared_does_not_become_champion(
    store: Store, put: Put, write_outputs: WriteOutputs, tmp_path: Path
) -> None:
    first = put(write_outputs("first", code="a", score=0.2))
    outputs = write_outputs("other", code="b", score=0.9)
    store.client.set_tag(mirror(outputs).run_id, "data_digest", "elsewhere")
    other = put(outputs)
    assert not other.champion
    assert "cannot be compared with the champion: the data differ" in other.reason
    held = store.client.get_model_version_by_alias(first.name, CHAMPION)
    store.client.delete_run(held.run_id)
    third = put(write_outputs("third", code="c", score=0.9))
    assert not third.champion
    assert "the run of version 1, the champion, is gone; --force replaces it" in third.reason


def test_a_run_written_anew_has_a_version_of_its_own(
    store: Store, put: Put, write_outputs: WriteOutputs
) -> None:
    outputs = write_outputs("first", code="a", score=0.6)
    first = put(outputs)
    held = store.client.get_model_version_by_alias(first.name, CHAMPION)
    store.client.delete_run(held.run_id)
    second = put(outputs)
    assert (second.version, second.new, second.champion) == ("2", True, True)
    assert "the same cross-validation as version 1, written anew" in second.reason


def test_a_champion_that_somebody_else_made_is_left(
    store: Store, put: Put, write_outputs: WriteOutputs
) -> None:
    first = put(write_outputs("first", code="a"))
    foreign = store.client.create_model_version(first.name, "file:///nowhere")
    store.client.set_registered_model_alias(first.name, CHAMPION, foreign.version)
    second = put(write_outputs("second", code="b", score=0.9))
    assert not second.champion
    assert "the run of version 2, the champion, is gone" in second.reason


def test_the_model_is_whole_and_nothing_in_it_is_pickled(
    store: Store, put: Put, write_outputs: WriteOutputs, models: Path
) -> None:
    done = put(write_outputs("first", code="a"))
    held = store.client.get_model_version_by_alias(done.name, CHAMPION)
    assert held.description == "resnet50 first: out-of-fold map_iou 0.500"
    folder = Path(mlflow.artifacts.download_artifacts(held.source))
    suffixes = {path.suffix for path in folder.rglob("*")}
    assert not {".pkl", ".pickle", ".joblib"} & suffixes
    assert (folder / "code/saltseg/inference/model.py").exists()
    loaded = mlflow.pyfunc.load_model(str(folder))
    found = loaded.predict(TILES)
    expected = load_models(models)
    np.testing.assert_allclose(found["probability"], expected.predict(TILES), atol=1e-6)
    np.testing.assert_array_equal(found["mask"], expected.mask(found["probability"]))
    assert found["mask"].dtype == np.uint8
    with pytest.raises(mlflow.exceptions.MlflowException, match="schema"):
        loaded.predict(TILES.astype(float))


def test_networks_that_need_the_depth_ask_for_it(engine: None, tmp_path: Path) -> None:
    write_models(tmp_path / "models", folds=1, depths=(100, 300))
    save_pyfunc(tmp_path / "models", tmp_path / "saved")
    loaded = mlflow.pyfunc.load_model(str(tmp_path / "saved"))
    assert loaded.metadata.signature.inputs.input_names() == ["tile", "z"]
    z = np.array([120.0, 280.0])
    found = loaded.predict({"tile": TILES, "z": z})["probability"]
    expected = load_models(tmp_path / "models").predict(TILES, z)
    np.testing.assert_allclose(found, expected, atol=1e-6)
    example = json.loads((tmp_path / "saved/serving_input_example.json").read_text())
    assert np.shape(example["inputs"]["tile"]) == (1, 101, 101)
