"""Measure the synthetic survey, beside TGS where it is at hand, and draw the figures about it.

Reads `data/synthetic.yaml` and, where the environment variable SALTSEG_TGS names a folder in the
layout of the Kaggle download, the TGS tiles in it. Writes
`docs/images/synthetic_tiles.png` and `docs/images/synthetic_coverage.png`, prints the measures.
"""

import io
import os
import time
from pathlib import Path

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

from saltseg.array_types import Bytes
from saltseg.tiles.dataset import read_dataset
from saltseg.tiles.masks import coverage_of
from saltseg.tiles.synthetic.survey import grey_threshold_iou, read_recipe, synthetic_survey

DOCS = Path(__file__).parent
BINS = np.linspace(0, 1, 11)


def measure(name: str, images: Bytes, masks: Bytes) -> None:
    """Print share without salt, coverage and threshold IoU of (N, H, W) tiles and masks."""
    coverage = coverage_of(masks)
    salty = coverage[coverage > 0]
    tenths = np.histogram(salty, BINS)[0] / len(salty)
    print(f"{name}: {len(images)} labelled tiles")
    print(f"  without salt {np.mean(coverage == 0):.3f}, all salt {np.mean(coverage == 1):.3f}")
    print(f"  under 1 % salt, but some {np.mean((coverage > 0) & (coverage < 0.01)):.3f}")
    print(f"  salt pixels {coverage.mean():.3f}")
    print(f"  coverage of the others, by tenths: {' '.join(f'{share:.2f}' for share in tenths)}")
    print(f"  IoU of the best grey threshold {grey_threshold_iou(images, masks):.3f}")


def draw_tiles(images: Bytes, masks: Bytes, path: Path) -> None:
    """A gallery of 24 tiles from no salt to all salt, each with the outline of its mask."""
    coverage = coverage_of(masks)
    rng = np.random.default_rng(0)
    chosen = np.concatenate(
        [
            rng.choice(np.flatnonzero((coverage >= low) & (coverage < high)), count, replace=False)
            for low, high, count in ((0, 1e-9, 8), (1e-9, 0.3, 6), (0.3, 0.8, 6), (0.8, 1.01, 4))
        ]
    )
    figure, axes = plt.subplots(3, 8, figsize=(8, 3.05), layout="constrained")
    for axis, index in zip(axes.flat, chosen, strict=True):
        axis.imshow(images[index], cmap="gray", vmin=0, vmax=255)
        # The frame of zeros closes outlines that run into the tile's edge.
        framed = np.pad(masks[index], 1)
        place = np.arange(-1, len(framed) - 1)
        axis.contour(place, place, framed, [0.5], colors="gold", linewidths=1)
        axis.set_axis_off()
    _save(figure, path)


def draw_coverage(surveys: dict[str, Bytes], path: Path) -> None:
    """Histograms of salt coverage, side by side; `surveys` maps a name to (N, H, W) masks."""
    figure, axis = plt.subplots(figsize=(6, 3), layout="constrained")
    coverages = [coverage_of(masks) for masks in surveys.values()]
    labels = [
        f"{name}: {np.mean(coverage == 0):.0%} of {len(coverage)} without salt"
        for name, coverage in zip(surveys, coverages, strict=True)
    ]
    salty = [coverage[coverage > 0] for coverage in coverages]
    weights = [np.full(len(coverage), 1 / len(coverage)) for coverage in salty]
    axis.hist(salty, BINS.tolist(), weights=weights, label=labels)
    axis.set_xlabel("salt coverage of a tile")
    axis.set_ylabel("share of tiles with salt")
    axis.set_xticks(BINS)
    axis.legend()
    _save(figure, path)


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(exist_ok=True)
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=125)
    # A small palette halves the file, and the eye does not see it.
    Image.open(drawn).convert("RGB").quantize(32).save(path, optimize=True)
    plt.close(figure)
    print(f"{path.relative_to(DOCS.parent)}: {path.stat().st_size / 1024:.0f} KiB")


def main() -> None:
    """Make the survey, print the measures, draw both figures."""
    matplotlib.use("agg")
    started = time.perf_counter()
    survey, _ = synthetic_survey(read_recipe(DOCS.parent / "data" / "synthetic.yaml"))
    print(f"made in {time.perf_counter() - started:.1f} s")
    measure("synthetic", survey.images, survey.masks)
    draw_tiles(survey.images, survey.masks, DOCS / "images" / "synthetic_tiles.png")
    folder = os.environ.get("SALTSEG_TGS")
    if folder is None:
        print("SALTSEG_TGS is not set: synthetic_coverage.png, which compares with TGS, is left")
        return
    tgs = read_dataset(Path(folder))
    measure("TGS", tgs.images, tgs.masks)
    surveys = {"synthetic": survey.masks, "TGS": tgs.masks}
    draw_coverage(surveys, DOCS / "images" / "synthetic_coverage.png")


if __name__ == "__main__":
    main()
