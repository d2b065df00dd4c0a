"""Pictures that stand inside a page: SVG text, the same from run to run."""

import hashlib
import io
import re
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from matplotlib.figure import Figure

STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "axes.edgecolor": "0.6",
    "axes.grid": True,
    "axes.labelcolor": "0.25",
    "axes.spines.right": False,
    "axes.spines.top": False,
    # That of SVG: what is laid out before writing, is then laid out for what is written.
    "figure.dpi": 72,
    "font.size": 9,
    "grid.alpha": 0.6,
    "grid.color": "0.88",
    "legend.frameon": False,
    "svg.fonttype": "none",
    "svg.hashsalt": "saltseg",
    # A label may hold a dollar sign; it is no formula.
    "text.parse_math": False,
    "xtick.color": "0.35",
    "ytick.color": "0.35",
}
"""Settings to draw under, as `with rc_context(STYLE)`."""

DASHES = ("-", (0, (4, 1.2)), (0, (1.2, 1)), (0, (5, 1, 1, 1)))
MARKERS = ("o", "s", "^", "D")
# Okabe and Ito (2008), distinct with any common colour vision; without its yellow, too pale for
# a line on white.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")


def colours_of(labels: Sequence[str]) -> dict[str, str]:
    """One colour for each label, in order; a seventh shares the first's."""
    return {label: _COLOURS[place % len(_COLOURS)] for place, label in enumerate(labels)}


def pair_colours(first: str, second: str, colours: Mapping[str, str] | None) -> tuple[str, str]:
    """Colours of two contestants: those given, else the first two."""
    known = colours or colours_of((first, second))
    return known[first], known[second]


def shorten(label: str, length: int = 34) -> str:
    """A label that fits its place in a figure."""
    return label if len(label) <= length else f"{label[: length - 1]}…"


def to_svg(figure: Figure, description: str) -> str:
    """Write a figure as an `<svg>` element for use inside an HTML page.

    Args:
        figure: Drawn under `STYLE`.
        description: What a screen reader says.

    Returns:
        The element; it loads nothing, and its ids differ from those of any other figure.
    """
    _settle(figure)
    text = io.StringIO()
    figure.savefig(
        text, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type"))
    )
    svg = text.getvalue()
    svg = svg[svg.index("<svg ") :].strip()
    # matplotlib's rule for all elements would hold in the whole page.
    svg = re.sub(r"<defs>\s*<style.*?</style>\s*</defs>\s*", "", svg, flags=re.DOTALL)
    # Ids such as `axes_1` stand in every figure.
    prefix = f"f{hashlib.sha256(svg.encode()).hexdigest()[:10]}-"
    svg = re.sub(r'(\bid="|href="#|url\(#)', rf"\g<1>{prefix}", svg)
    label = escape(description)
    return svg.replace("<svg ", f'<svg role="img" aria-label="{label}" stroke-linejoin="round" ', 1)


def _settle(figure: Figure) -> None:
    """Lay the figure out, and round off digits that change from run to run."""
    # The layout's solver sums in the order of memory addresses, and ids are hashes of all digits.
    figure.draw_without_rendering()
    figure.set_layout_engine("none")
    for axes in figure.axes:
        left, bottom, width, height = (round(part, 6) for part in axes.get_position().bounds)
        axes.set_position((left, bottom, width, height))
