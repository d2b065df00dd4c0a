"""A trained network built again from what lies beside its weights."""

import json
from pathlib import Path

import numpy as np
import pytest

from saltseg.backbones import backbone_row
from saltseg.errors import WeightsError
from saltseg.nets.blueprint import Blueprint
from saltseg.nets.unet import build_unet, served
from saltseg.params import Params
from saltseg.tiles.inputs.native import Native
from tests.conftest import Changed

NATIVE = Native(height=101, width=90, depths=(50, 900))


def blueprint_of(params: Params) -> Blueprint:
    return Blueprint.of(params, NATIVE)


def test_it_survives_a_file(params: Params, tmp_path: Path) -> None:
    path = tmp_path / "blueprint.json"
    path.write_text(blueprint_of(params).model_dump_json())
    assert Blueprint.read(path) == blueprint_of(params)


def test_that_of_an_older_commit_is_read(changed: Changed, tmp_path: Path) -> None:
    """The side was called size, and decoders differed in their filters alone."""
    path = tmp_path / "blueprint.json"
    params = changed({"model.decoder": "bottleneck"})
    tree = json.loads(blueprint_of(params).model_dump_json())
    tree["decoder_filters"] = tree.pop("decoder")["decoder_filters"]
    del tree["preprocess"]["fit"]
    tree["preprocess"]["size"] = tree["preprocess"].pop("side")
    path.write_text(json.dumps(tree))
    assert Blueprint.read(path) == blueprint_of(params)
    for wrong in ({"size": 33}, {"side": 32}, {"width": 32}):
        other = {**tree, "preprocess": {**tree["preprocess"], **wrong}}
        path.write_text(json.dumps(other))
        with pytest.raises(WeightsError, match=r"blueprint.json: .*preprocess"):
            Blueprint.read(path)


EVERYTHING = {
    "model.decoder": "residual",
    "model.attention": "scse",
    "model.hypercolumn": True,
    "model.salt_head": True,
    "model.deep_supervision": True,
    "model.dropout": 0.1,
}


@pytest.mark.parametrize(
    ("backbone", "options"),
    [("plain", {"model.dropout": 0.0}), ("mobilenetv2", {}), ("plain", EVERYTHING)],
)
def test_it_takes_the_weights_of_the_trained_network(
    changed: Changed, tmp_path: Path, backbone: str, options: dict
) -> None:
    params = changed({"backbone": backbone, **options})
    trained = served(build_unet(backbone_row(backbone), 32, 3, params.model))
    trained.set_weights([1.1 * value for value in trained.get_weights()])
    trained.save_weights(tmp_path / "best.weights.h5")
    again = blueprint_of(params).build()
    again.load_weights(tmp_path / "best.weights.h5")
    tiles = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3), np.uint8)
    expected = trained.predict_on_batch(tiles)
    assert np.ptp(expected) > 0
    np.testing.assert_array_equal(again.predict_on_batch(tiles), expected)


@pytest.mark.parametrize("text", ["", "{}", "no: json", '{"backbone": 3}'])
def test_what_is_no_blueprint_is_one_line(tmp_path: Path, text: str) -> None:
    path = tmp_path / "blueprint.json"
    path.write_text(text)
    with pytest.raises(WeightsError, match=r"blueprint.json: .*copy its whole folder"):
        Blueprint.read(path)


def test_missing_blueprint_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be read"):
        Blueprint.read(tmp_path / "blueprint.json")
