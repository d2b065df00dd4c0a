"""Models without a trained network, whose answers can be worked out by hand."""

import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from saltseg.backbones import backbone_row
from saltseg.inference.model import Facts, SaltModel
from saltseg.inference.passes import Apart, Networks
from saltseg.nets.blueprint import Blueprint
from saltseg.params import Decoder, Preprocess
from saltseg.tiles.inputs.native import Native

SIDE = 64


def brightness(inputs: np.ndarray) -> np.ndarray:
    """The grey level as probability."""
    return inputs[..., 0].astype(np.float32) / np.float32(255)


def model_of(networks: Networks = brightness, **native: object) -> SaltModel:
    """A model of tiles of 64 x 64, which are not resized."""
    size = {"height": SIDE, "width": SIDE} | native
    channels = ["intensity"] if "depths" not in native else ["intensity", "survey_depth"]
    blueprint = Blueprint(
        backbone="plain",
        row=backbone_row("plain"),
        decoder=Decoder(decoder_filters=[8, 8, 8, 8, 8]),
        preprocess=Preprocess(side=SIDE, channels=channels),
        native=Native(**size),
    )
    return SaltModel(blueprint, Facts(name="bright", threshold=0.5), "digest", networks)


def gammas(inputs: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """Three networks that see the grey level brighter, as it is, and darker to the right."""
    grey = brightness(inputs)
    right = np.linspace(1, 0.2, grey.shape[2], dtype=np.float32)
    each = [np.sqrt(grey), grey, grey * right]
    return np.mean(each, axis=0), each


def ensemble_of(apart: Apart = gammas, **native: object) -> SaltModel:
    """The same as `model_of`, of several networks that can be told apart."""
    alone = model_of(lambda inputs: apart(inputs)[0], **native)
    members = len(apart(np.zeros((1, SIDE, SIDE, 2), np.uint8))[1])
    return replace(alone, _apart=apart, members=members)


def picture(height: int = SIDE, width: int = SIDE, seed: int = 0) -> np.ndarray:
    """Smooth grey levels."""
    noise = np.random.default_rng(seed).normal(0, 1, (height, width))
    smooth = cv2.GaussianBlur(noise, (0, 0), 4)
    return cv2.normalize(smooth, None, 0, 255, cv2.NORM_MINMAX).astype(np.uint8)


def png(image: np.ndarray) -> bytes:
    return cv2.imencode(".png", image)[1].tobytes()


def write_zip(path: Path, images: Mapping[str, np.ndarray], folder: str = "images/") -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for id_, image in images.items():
            file.writestr(f"{folder}{id_}.png", png(image))
    return path


def write_models(folder: Path, folds: int = 2, side: int = 32, **native: object) -> Blueprint:
    """Random networks of several folds, as training leaves them."""
    import keras

    channels = ["intensity", "depth_ramp", "gradient"]
    blueprint = Blueprint(
        backbone="plain",
        row=backbone_row("plain"),
        decoder=Decoder(decoder_filters=[16, 16, 8, 8, 8]),
        preprocess=Preprocess(
            side=side, channels=channels + ["survey_depth"] * ("depths" in native)
        ),
        native=Native(**({"height": 101, "width": 101} | native)),
    )
    for fold in range(folds):
        keras.utils.set_random_seed(fold)
        own = folder / f"fold-{fold}"
        own.mkdir(parents=True)
        blueprint.build().save_weights(own / "best.weights.h5")
        (own / "blueprint.json").write_text(blueprint.model_dump_json())
    return blueprint
