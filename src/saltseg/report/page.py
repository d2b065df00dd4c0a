"""A comparison as one self-contained page: it loads nothing, and works without a server."""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup
from numpy.typing import NDArray

from saltseg.comparison.disputed_tile import DisputedTile
from saltseg.comparison.networks import Comparison
from saltseg.figures.comparison import class_scores, fold_differences, iou_curves
from saltseg.figures.posterior import posterior_figure
from saltseg.figures.svg import colours_of
from saltseg.report.findings import Findings
from saltseg.report.spread import spread_sentence, spread_table
from saltseg.report.tables import (
    chances_table,
    classes_table,
    cost_table,
    differences_table,
    explanations,
    holdout_table,
    settings_table,
)
from saltseg.scoring.competition import IOU_THRESHOLDS

_TEMPLATES = Environment(
    loader=PackageLoader("saltseg.report", "."),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True)
class Gallery:
    """Tiles on which contestants disagree most.

    Attributes:
        tiles: The tiles, most disputed first.
        threshold: Probability above which a pixel counts as salt, at first.
        why_empty: Reason where there are none.
    """

    tiles: Sequence[DisputedTile]
    threshold: float
    why_empty: str | None = None


def write_page(path: Path, found: Findings, gallery: Gallery, command: str) -> None:
    """Write the page.

    Args:
        path: HTML file to write.
        found: What it shows.
        gallery: The most disputed tiles.
        command: What makes the page again.
    """
    colours, chance = colours_of(found.labels), found.chance
    page = _TEMPLATES.get_template("page.html.j2").render(
        title=" against ".join(found.labels),
        results=[_result(comparison, colours) for comparison in found.comparisons],
        settings=settings_table(found.contestants, found.settings),
        costs=cost_table(found.contestants),
        everyone=found.everyone,
        chance=chance and {"table": spread_table(chance), "sentence": spread_sentence(chance)},
        curves=Markup(iou_curves(found.contestants)),
        explanations=explanations(found.comparisons),
        warnings=found.warnings,
        gallery=gallery,
        data=Markup(_for_script(_gallery_data(gallery, found.labels))),
        command=command,
        style=Markup(_source("page.css")),
        script=Markup(_source("page.js")),
    )
    path.write_text(page, encoding="utf-8")


def _result(comparison: Comparison, colours: Mapping[str, str]) -> dict[str, Any]:
    """Tables and figures of one comparison."""
    return {
        "comparison": comparison,
        "scores": differences_table(comparison),
        "chances": chances_table(comparison),
        "holdout": holdout_table(comparison),
        "classes": classes_table(comparison),
        "chance_figure": Markup(posterior_figure(comparison, colours)),
        "fold_figure": Markup(fold_differences(comparison, colours)),
        "class_figure": Markup(class_scores(comparison, colours)),
    }


def _gallery_data(gallery: Gallery, labels: Sequence[str]) -> dict[str, Any]:
    """What the script draws the tiles from."""
    tiles = [
        {
            "id": tile.tile,
            "fold": tile.fold,
            "height": tile.mask.shape[0],
            "width": tile.mask.shape[1],
            "image": _base64(tile.image),
            "mask": _base64(tile.mask),
            "probabilities": [_base64(one) for one in tile.probabilities],
        }
        for tile in gallery.tiles
    ]
    return {"labels": labels, "iouThresholds": IOU_THRESHOLDS, "tiles": tiles}


def _base64(pixels: NDArray[np.uint8]) -> str:
    return base64.b64encode(np.ascontiguousarray(pixels, np.uint8).tobytes()).decode()


def _for_script(data: dict[str, Any]) -> str:
    """JSON that cannot close the script element it stands in."""
    return json.dumps(data).replace("<", "\\u003c")


def _source(name: str) -> str:
    assert _TEMPLATES.loader is not None
    return _TEMPLATES.loader.get_source(_TEMPLATES, name)[0]
