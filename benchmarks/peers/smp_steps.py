"""Training steps of segmentation_models.pytorch, whenever they are asked for.

Run by `benchmarks/peer.py` in an environment that has that package and none of ours. Prints a line
of JSON once it is ready, then one for each line of stdin, the number of steps to take.
"""

import argparse
import json
import sys
import time

import torch
from torch.utils.flop_counter import FlopCounterMode

if "+cpu" in torch.__version__:
    # A torchvision made for GPUs, which is what PyPI has, asks for these; nobody calls them.
    for name in ("nms", "qnms"):
        torch.library.define(f"torchvision::{name}", "(Tensor a, Tensor b, float c) -> Tensor")
import segmentation_models_pytorch as smp


def main() -> None:
    """Build the network, say what it is, and train it step by step."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--encoder", required=True)
    parser.add_argument("--side", type=int, required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--bfloat16", action="store_true")
    parser.add_argument("--channels-last", action="store_true")
    options = parser.parse_args()
    torch.manual_seed(1)
    torch.set_num_threads(options.threads)
    layout = torch.channels_last if options.channels_last else torch.contiguous_format
    model = smp.Unet(options.encoder, encoder_weights=None, in_channels=3, classes=1)
    model = model.to(memory_format=layout)
    shape = (options.batch, 3, options.side, options.side)
    tiles = torch.rand(shape).contiguous(memory_format=layout)
    masks = (torch.rand(options.batch, 1, options.side, options.side) > 0.5).float()
    dice = smp.losses.DiceLoss("binary")
    entropy = torch.nn.BCEWithLogitsLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        model.eval()(tiles[:1])
    model.train()

    def step() -> float:
        began = time.perf_counter()
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=options.bfloat16):
            logits = model(tiles)
        logits = logits.float()
        loss = entropy(logits, masks) + dice(logits, masks)
        loss.backward()
        optimizer.step()
        loss.item()
        return time.perf_counter() - began

    ready = {
        "first": step(),
        "gflops": counter.get_total_flops() / 1e9,
        "parameters": sum(one.numel() for one in model.parameters()),
        "versions": f"segmentation_models_pytorch {smp.__version__}, torch {torch.__version__}",
    }
    print(json.dumps(ready), flush=True)
    for line in sys.stdin:
        print(json.dumps([step() for _ in range(int(line))]), flush=True)


if __name__ == "__main__":
    main()
