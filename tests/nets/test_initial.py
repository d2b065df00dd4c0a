"""Initial weights: the right file loads, any other is refused in one line."""

import os
import random
import urllib.request
from collections.abc import Callable
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest
from keras.src.legacy.saving.legacy_h5_format import save_weights_to_hdf5_group

from saltseg.backbones import backbone_row
from saltseg.errors import WeightsError
from saltseg.nets.encoders import build_backbone
from saltseg.nets.initial import (
    ENCODER,
    NETWORK,
    convert_initial,
    fetch_imagenet,
    find_initial,
    holds_network,
    load_initial,
)
from saltseg.nets.unet import build_unet, served
from saltseg.params import Params
from tests.hangs import limited

PLAIN = backbone_row("plain")


@pytest.fixture(scope="module")
def source(engine: None) -> keras.Model:
    """A plain backbone whose normalisations, too, are unlike those of a fresh one."""
    model = build_backbone(PLAIN, 64, 3)
    random = np.random.default_rng(0)
    model.set_weights([random.uniform(0.1, 1, value.shape) for value in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def weights(source: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "plain.weights.h5"
    source.save_weights(path)
    return path


def assert_refused(path: Path) -> str:
    with pytest.raises(WeightsError) as caught:
        load_initial(build_backbone(PLAIN, 32, 3), PLAIN, path)
    message = str(caught.value)
    assert message.startswith(f"{path}: not weights of plain")
    assert "model.weights" in message
    assert "\n" not in message
    return message


def test_weights_at_another_side(source: keras.Model, weights: Path) -> None:
    backbone = build_backbone(PLAIN, 32, 3)
    load_initial(backbone, PLAIN, weights)
    for ours, theirs in zip(backbone.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("channels", [1, 2, 5])
def test_other_channels_share_the_mean_kernel(
    source: keras.Model, weights: Path, channels: int
) -> None:
    backbone = build_backbone(PLAIN, 64, channels)
    load_initial(backbone, PLAIN, weights)
    (first, *others), (first_rgb, *others_rgb) = backbone.get_weights(), source.get_weights()
    for channel in range(channels):
        expected = first_rgb.mean(axis=2) * 3 / channels
        np.testing.assert_allclose(first[:, :, channel], expected, rtol=1e-6)
    for ours, theirs in zip(others, others_rgb, strict=True):
        np.testing.assert_array_equal(ours, theirs)


@pytest.mark.parametrize("channels", [1, 5])
def test_grey_input_gets_the_same_response(
    source: keras.Model, weights: Path, channels: int
) -> None:
    backbone = build_backbone(PLAIN, 64, channels)
    load_initial(backbone, PLAIN, weights)
    grey = np.random.default_rng(1).uniform(-1, 1, (1, 64, 64, 1)).astype(np.float32)
    response = np.asarray(backbone(np.repeat(grey, channels, axis=-1), training=False))
    expected = np.asarray(source(np.repeat(grey, 3, axis=-1), training=False))
    np.testing.assert_allclose(response, expected, rtol=1e-4)


def test_file_of_keras_2_loads(source: keras.Model, tmp_path: Path) -> None:
    """The form in which `keras.applications` are published."""
    path = tmp_path / "plain_notop.h5"
    with h5py.File(path, "w") as file:
        save_weights_to_hdf5_group(file, source)
    backbone = build_backbone(PLAIN, 32, 3)
    load_initial(backbone, PLAIN, path)
    for ours, theirs in zip(backbone.get_weights(), source.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_conversion_keeps_the_values(weights: Path, tmp_path: Path) -> None:
    target = tmp_path / "encoder.weights.h5"
    convert_initial(PLAIN, weights, target)
    one, two = build_backbone(PLAIN, 32, 3), build_backbone(PLAIN, 32, 3)
    load_initial(one, PLAIN, weights)
    load_initial(two, PLAIN, target)
    for ours, theirs in zip(one.get_weights(), two.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_conversion_refuses_what_loading_refuses(tmp_path: Path) -> None:
    path = tmp_path / "text.weights.h5"
    path.write_text("no HDF5")
    with pytest.raises(WeightsError, match="not weights of plain"):
        convert_initial(PLAIN, path, tmp_path / "encoder.weights.h5")
    assert not (tmp_path / "encoder.weights.h5").exists()


@pytest.mark.parametrize("suffix", [".weights.h5", ".h5", ".txt", ".keras", ".weights.json"])
def test_text_file(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"text{suffix}"
    path.write_text("weights\nof no network\n")
    assert_refused(path)


@pytest.mark.parametrize("suffix", [".weights.h5", ".h5"])
def test_missing_file(tmp_path: Path, suffix: str) -> None:
    assert_refused(tmp_path / f"missing{suffix}")


@pytest.mark.parametrize("suffix", [".weights.h5", ".h5"])
def test_hdf5_of_something_else(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"other{suffix}"
    with h5py.File(path, "w") as file:
        file["grid"] = np.zeros(3)
    assert_refused(path)


@pytest.mark.parametrize("suffix", [".weights.h5", ".h5"])
def test_truncated_file(source: keras.Model, tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"half{suffix}"
    with h5py.File(path, "w") as file:
        save_weights_to_hdf5_group(file, source)
    path.write_bytes(path.read_bytes()[:20_000])
    assert_refused(path)


@pytest.mark.parametrize("legacy", [False, True])
def test_weights_of_another_network(tmp_path: Path, legacy: bool) -> None:
    other = build_backbone(backbone_row("vgg16"), 32, 3)
    path = tmp_path / ("vgg16.h5" if legacy else "vgg16.weights.h5")
    if legacy:
        with h5py.File(path, "w") as file:
            save_weights_to_hdf5_group(file, other)
    else:
        other.save_weights(path)
    assert_refused(path)


def test_weights_of_a_whole_unet(tmp_path: Path, params: Params) -> None:
    path = tmp_path / "best.weights.h5"
    build_unet(PLAIN, 32, 3, params.model).save_weights(path)
    assert_refused(path)


def test_weights_for_other_channels(tmp_path: Path) -> None:
    path = tmp_path / "five.weights.h5"
    build_backbone(PLAIN, 32, 5).save_weights(path)
    assert_refused(path)


def some_array(file: h5py.File) -> str:
    """Name of an array in a file of weights."""
    names: list[str] = []
    file.visititems(lambda name, item: names.append(name) if hasattr(item, "shape") else None)
    return names[0]


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("external link", "is a link"),
        ("soft link", "is a link"),
        ("array in another file", "is no plain array of numbers"),
        ("text", "is no plain array of numbers"),
        ("gigabytes of zeros", "is larger than any of them"),
        ("many names", "has more weight_names than the network"),
        ("not a number", "some are no finite numbers"),
    ],
)
def test_malicious_files(weights: Path, tmp_path: Path, kind: str, reason: str) -> None:
    path = tmp_path / "plain.weights.h5"
    path.write_bytes(weights.read_bytes())
    with h5py.File(path, "a") as file:
        name = some_array(file)
        value = file[name][()]
        del file[name]
        match kind:
            case "external link":
                file[name] = h5py.ExternalLink(str(weights), name)
            case "soft link":
                file[name] = h5py.SoftLink("/elsewhere")
            case "array in another file":
                outside = [("/etc/passwd", 0, h5py.h5f.UNLIMITED)]
                file.create_dataset(name, (8,), "u1", external=outside)
            case "text":
                file[name] = "x"
            case "gigabytes of zeros":
                file.create_dataset(name, (2**33,), "f4", chunks=True, compression="gzip")
            case "many names":
                file[name] = value
                file.attrs["weight_names"] = [b"a"] * 1000
            case _:
                file[name] = np.full_like(value, np.nan)
    with limited(20):
        message = assert_refused(path)
    assert reason in message


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo])
def test_what_is_no_file(tmp_path: Path, make: Callable[[Path], None]) -> None:
    path = tmp_path / "x.weights.h5"
    make(path)
    with limited(20):
        assert "a folder, a pipe or a device" in assert_refused(path)


@pytest.fixture(scope="module")
def network(params: Params, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All weights of a U-Net, under the name that the weights stage gives such a file."""
    path = tmp_path_factory.mktemp("network") / NETWORK
    options = params.model.model_copy(update={"salt_head": True})
    build_unet(PLAIN, 32, 2, options).save_weights(path)
    return path


def test_a_whole_network_goes_on_from_a_run(network: Path, params: Params) -> None:
    """Outputs that only training looks at are not in the file, and stay as they are."""
    options = params.model.model_copy(update={"salt_head": True, "deep_supervision": True})
    keras.utils.set_random_seed(2)
    model = build_unet(PLAIN, 32, 2, options, network)
    tiles = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 2), np.uint8)
    keras.utils.set_random_seed(3)
    options = params.model.model_copy(update={"salt_head": True})
    expected = build_unet(PLAIN, 32, 2, options)
    expected.load_weights(network)
    np.testing.assert_array_equal(
        served(model).predict_on_batch(tiles), served(expected).predict_on_batch(tiles)
    )


@pytest.mark.parametrize(
    ("channels", "options"), [(3, {"salt_head": True}), (2, {}), (2, {"decoder": "residual"})]
)
def test_a_network_of_another_kind_is_refused(
    network: Path, params: Params, channels: int, options: dict
) -> None:
    with pytest.raises(WeightsError) as caught:
        build_unet(PLAIN, 32, channels, params.model.model_copy(update=options), network)
    message = str(caught.value)
    assert message.startswith("model.weights: not the weights of this network (")
    assert "\n" not in message


def test_the_two_kinds_of_files_are_told_apart(
    network: Path, weights: Path, tmp_path: Path
) -> None:
    (tmp_path / "text.weights.h5").write_text("no HDF5")
    files = [network, weights, tmp_path / "text.weights.h5", tmp_path / "missing"]
    assert [holds_network(file) for file in files] == [True, False, False, False]
    assert find_initial(network.parent) == network
    assert find_initial(tmp_path) is None
    (tmp_path / ENCODER).touch()
    assert find_initial(tmp_path) == tmp_path / ENCODER


def test_plain_has_no_imagenet_weights(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="no ImageNet weights exist for plain; use random"):
        fetch_imagenet(PLAIN, tmp_path / "encoder.weights.h5")


def test_download_without_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Keras reads KERAS_HOME once, at import; urllib keeps the proxies of its first download.
    monkeypatch.setattr("keras.src.backend.config._KERAS_DIR", str(tmp_path / "keras"))
    monkeypatch.setattr(urllib.request, "_opener", None)
    for name in ("https_proxy", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    target = tmp_path / "encoder.weights.h5"
    with pytest.raises(WeightsError) as caught:
        fetch_imagenet(backbone_row("mobilenetv2"), target)
    message = str(caught.value)
    assert message.startswith("model.weights: imagenet could not be downloaded")
    assert "weights/" in message
    assert "mobilenet_v2" in message
    assert "\n" not in message
    assert not target.exists()


def test_damaged_files_are_read_or_refused(weights: Path, tmp_path: Path) -> None:
    """Bytes changed all over the file, or in its first part: the directory of HDF5."""
    intact, path, told = weights.read_bytes(), tmp_path / "plain.weights.h5", []
    backbone = build_backbone(PLAIN, 32, 3)
    for seed in range(30):
        draw, content = random.Random(seed), bytearray(intact)
        for _ in range(5):
            content[draw.randrange(50_000 if seed % 2 else len(intact))] = draw.randrange(256)
        path.write_bytes(content)
        try:
            load_initial(backbone, PLAIN, path)
        except WeightsError as error:
            told.append(str(error))
    assert told
    assert all(text.startswith(f"{path}: not weights of plain") for text in told)
    assert not any("\n" in text for text in told)
