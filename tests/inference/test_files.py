"""Models in files: folders of folds for Keras, one ONNX file for onnxruntime."""

import json
import shutil
from pathlib import Path

import numpy as np
import onnx
import pytest

from saltseg.errors import DataError, WeightsError
from saltseg.inference.files import copy_model, load_models, read_facts, read_folder
from saltseg.inference.model import Facts, SaltModel
from tests.inference.sample import picture, write_models

TILES = np.stack([picture(101, 101, seed) for seed in range(5)])


@pytest.fixture(scope="module")
def models(engine: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two folds; a test that changes them takes a copy."""
    folder = tmp_path_factory.mktemp("models") / "plain"
    write_models(folder)
    return folder


@pytest.fixture(scope="module")
def both(models: Path) -> SaltModel:
    return load_models(models)


@pytest.fixture(scope="module")
def onnx_file(models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same networks as ONNX."""
    from saltseg.inference.onnx import export_onnx

    path = tmp_path_factory.mktemp("onnx") / "plain.onnx"
    blueprint, weights = read_folder(models)
    export_onnx(weights, blueprint, Facts(name="two folds", threshold=0.3, key="k"), path)
    return path


def copied(models: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(models, tmp_path / "copy"))


def alone(models: Path, fold: int, tmp_path: Path) -> SaltModel:
    shutil.copytree(models / f"fold-{fold}", tmp_path / f"alone{fold}/fold-{fold}")
    return load_models(tmp_path / f"alone{fold}")


def test_folds_predict_by_their_mean(models: Path, both: SaltModel, tmp_path: Path) -> None:
    first, second = (alone(models, fold, tmp_path).predict(TILES) for fold in (0, 1))
    assert np.abs(first - second).max() > 1e-3
    mean = both.predict(TILES)
    np.testing.assert_allclose(mean, (first + second) / 2, atol=1e-6)
    same, apart = both.predict_with_uncertainty(TILES)
    np.testing.assert_array_equal(same, mean)
    np.testing.assert_allclose(apart, np.abs(first - second) / 2, atol=1e-6)


def test_one_fold_differs_from_its_mirror_image(models: Path, tmp_path: Path) -> None:
    one = alone(models, 0, tmp_path)
    mean, apart = one.predict_with_uncertainty(TILES, flip=True)
    np.testing.assert_array_equal(mean, one.predict(TILES, flip=True))
    np.testing.assert_allclose(apart, np.abs(one.predict(TILES) - mean), atol=1e-6)
    assert apart.max() > 1e-3
    with pytest.raises(DataError, match="one network that predicts once"):
        one.predict_with_uncertainty(TILES)


def test_neighbours_in_a_batch_do_not_matter(both: SaltModel) -> None:
    together = both.predict(TILES)
    np.testing.assert_allclose(both.predict(TILES[3]), together[3], atol=1e-6)


def test_threshold_is_the_default_unless_it_is_told(models: Path, tmp_path: Path) -> None:
    assert read_facts(models) == Facts(name="plain", threshold=0.5)
    blueprint, weights = read_folder(models)
    (tmp_path / "out").mkdir()
    data = {"dataset": "data/tgs", "tiles": 4000}
    facts = Facts(name="best", threshold=0.35, key="abc", map_iou=0.8, **data)
    copy_model(blueprint, weights, facts, tmp_path / "out")
    assert load_models(tmp_path / "out").facts == facts
    digest = load_models(models).digest
    assert load_models(tmp_path / "out").digest == digest
    for told in (tmp_path / "out").glob("fold-*/blueprint.json"):
        told.write_text(told.read_text().replace('"height": 101', '"height": 150'))
    assert load_models(tmp_path / "out").digest != digest


def test_in_half_precision_it_finds_about_the_same(
    models: Path, both: SaltModel, onnx_file: Path
) -> None:
    half = load_models(models, precision="mixed_bfloat16")
    found, expected = half.predict(TILES), both.predict(TILES)
    assert found.dtype == np.float32
    assert 0 < np.abs(found - expected).max() < 0.05
    # Predictions of one are not gone on with by the other.
    assert half.digest != both.digest
    with pytest.raises(DataError, match=r"plain\.onnx: computes in float32; for mixed"):
        load_models(onnx_file, precision="mixed_bfloat16")


def test_onnx_gives_the_same_probabilities(both: SaltModel, onnx_file: Path) -> None:
    portable = load_models(onnx_file)
    assert portable.facts == Facts(name="two folds", threshold=0.3, key="k")
    assert portable.blueprint == both.blueprint
    np.testing.assert_allclose(portable.predict(TILES), both.predict(TILES), atol=1e-4)
    section = picture(150, 260)
    found = portable.predict(section, flip=True)
    np.testing.assert_allclose(found, both.predict(section, flip=True), atol=1e-4)
    with pytest.raises(DataError, match="an ONNX file, which gives the mean of its networks alone"):
        portable.predict_with_uncertainty(section, flip=True)


def test_onnx_needs_no_keras(onnx_file: Path) -> None:
    """In a process that has only onnxruntime."""
    import subprocess
    import sys

    code = (
        "import sys, numpy; from pathlib import Path;"
        "from saltseg.inference.files import load_models;"
        f"m = load_models(Path({str(onnx_file)!r}));"
        "print(m.predict(numpy.zeros((2, 101, 101), numpy.uint8)).shape, 'keras' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "(2, 101, 101) False", done.stderr


def broken_folders(models: Path, tmp_path: Path) -> list[tuple[Path, str]]:
    none = tmp_path / "none"
    none.mkdir()
    lost, text, other, unlike, odd = (copied(models, tmp_path / name) for name in "abcdf")
    (lost / "fold-1/best.weights.h5").unlink()
    (text / "fold-0/best.weights.h5").write_text("no weights")
    shutil.rmtree(other / "fold-1")
    told = json.loads((other / "fold-0/blueprint.json").read_text()) | {
        "decoder": {"decoder_filters": [12] * 5}
    }
    (other / "fold-0/blueprint.json").write_text(json.dumps(told))
    (unlike / "fold-0/blueprint.json").write_text(json.dumps(told))
    shutil.rmtree(odd / "fold-1")
    told["row"]["constructor"] = "NoSuchNetwork"
    (odd / "fold-0/blueprint.json").write_text(json.dumps(told))
    facts = copied(models, tmp_path / "e")
    (facts / "model.json").write_text('{"name": "x", "threshold": 7}')
    return [
        (none, "none: no trained model; expected fold-0"),
        (tmp_path / "missing", "missing: no trained model"),
        (lost, "fold-1/best.weights.h5: not the weights of this network"),
        (text, "fold-0/best.weights.h5: not the weights of this network"),
        (other, "fold-0/best.weights.h5: not the weights of this network"),
        (odd, "fold-0/best.weights.h5: not the weights of this network"),
        (unlike, "are of different networks"),
        (facts, "model.json: threshold"),
    ]


def test_what_is_no_model_is_one_line(models: Path, tmp_path: Path) -> None:
    for folder, expected in broken_folders(models, tmp_path):
        with pytest.raises(WeightsError) as caught:
            load_models(folder)
        assert expected in str(caught.value)
        assert "\n" not in str(caught.value)


def batch_of_one(graph: onnx.GraphProto) -> None:
    graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1


def second_input(graph: onnx.GraphProto) -> None:
    graph.input.append(onnx.helper.make_tensor_value_info("more", onnx.TensorProto.FLOAT, [1]))


def float_input(graph: onnx.GraphProto) -> None:
    [tile] = graph.input
    tile.type.tensor_type.elem_type = onnx.TensorProto.FLOAT
    cast = onnx.helper.make_node("Cast", ["tile"], ["bytes"], to=onnx.TensorProto.UINT8)
    for node in graph.node:
        node.input[:] = ["bytes" if name == "tile" else name for name in node.input]
    graph.node.insert(0, cast)


def test_what_is_no_onnx_model_is_one_line(onnx_file: Path, tmp_path: Path) -> None:
    names = ("text", "cut", "foreign", "liar", "one", "floats", "twice")
    text, cut, foreign, liar, one, floats, twice = (tmp_path / f"{name}.onnx" for name in names)
    text.write_text("no network")
    cut.write_bytes(onnx_file.read_bytes()[:-1000])
    for path, change in ((one, batch_of_one), (floats, float_input), (twice, second_input)):
        graph = onnx.load(onnx_file)
        change(graph.graph)
        onnx.save(graph, path)
    graph = onnx.load(onnx_file)
    [told] = [entry for entry in graph.metadata_props if entry.key == "blueprint"]
    told.value = told.value.replace('"side":32', '"side":64')
    onnx.save(graph, liar)
    del graph.metadata_props[:]
    onnx.save(graph, foreign)
    for path, expected in (
        (tmp_path / "missing.onnx", "missing.onnx: no readable model (no such file)"),
        (text, "text.onnx: no readable model"),
        (cut, "cut.onnx: no readable model"),
        (liar, "liar.onnx: no readable model (it takes and gives"),
        (one, "one.onnx: no readable model (it takes and gives"),
        (floats, "floats.onnx: no readable model (it takes and gives"),
        (twice, "twice.onnx: no readable model (it takes and gives"),
        (foreign, "foreign.onnx: not written by `saltseg export --onnx`"),
    ):
        with pytest.raises(WeightsError) as caught:
            load_models(path)
        assert expected in str(caught.value)
        assert "\n" not in str(caught.value)


def test_facts_say_what_it_was_trained_on() -> None:
    known = Facts(name="best", threshold=0.5, dataset="data/tgs", tiles=2400)
    assert (known.trained_on, known.synthetic) == ("trained on data/tgs: 2,400 tiles", False)
    drawn = Facts(name="best", threshold=0.5, dataset="data/synthetic.yaml")
    assert (drawn.trained_on, drawn.synthetic) == ("trained on data/synthetic.yaml", True)
    bare = Facts(name="best", threshold=0.5)
    assert (bare.trained_on, bare.synthetic) == ("trained on an unknown survey", False)
