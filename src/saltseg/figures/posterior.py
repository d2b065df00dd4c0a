"""What is known of a difference, as a density beside what does not matter."""

from collections.abc import Mapping

import numpy as np
from matplotlib import rc_context
from matplotlib.figure import Figure

from saltseg.comparison.networks import Comparison
from saltseg.comparison.verdict import chance_text
from saltseg.figures.svg import STYLE, pair_colours, shorten, to_svg

_EQUAL = "0.6"
_REACH = 5
"""How far the axis goes, standard errors on both sides of the mean."""


@rc_context(STYLE)
def posterior_figure(comparison: Comparison, colours: Mapping[str, str] | None = None) -> str:
    """Draw the posterior of the difference in map_iou, coloured by which network is better.

    Args:
        comparison: First minus second.
        colours: Of the contestants by label.

    Returns:
        SVG text; empty where there is nothing to judge by.
    """
    difference, rope = comparison.differences[0], comparison.rope
    posterior, chances = difference.posterior, difference.chances
    if posterior is None or chances is None:
        return ""
    of_first, of_second = pair_colours(comparison.first, comparison.second, colours)
    low, high = (posterior.mean + side * _REACH * posterior.scale for side in (-1, 1))
    ends = [min(low, -2 * rope, 0), -rope, rope, max(high, 2 * rope, 0)]
    figure = Figure(figsize=(9.4, 2.5), layout="constrained")
    axes = figure.subplots()
    for start, end, colour, who, chance in zip(
        ends[:-1],
        ends[1:],
        (of_second, _EQUAL, of_first),
        (
            f"{shorten(comparison.second)} better",
            "practically equal",
            f"{shorten(comparison.first)} better",
        ),
        reversed(chances),
        strict=True,
    ):
        x = np.linspace(start, end, 400)
        label = f"{who}: {chance_text(chance)}"
        axes.fill_between(
            x, posterior.density(x), color=colour, alpha=0.75, linewidth=0, label=label
        )
    axes.axvspan(-rope, rope, color="0.93", zorder=0)
    axes.axvline(0, color="0.2", linewidth=1)
    axes.set(xlabel="difference in map_iou, networks trained anew", yticks=[], ylim=(0, None))
    axes.set_xlim(ends[0], ends[-1])
    axes.spines["left"].set_visible(False)
    figure.legend(loc="outside lower center", ncols=3)
    names = f"{comparison.first} minus {comparison.second}"
    return to_svg(figure, f"Posterior of the difference in map_iou, {names}")
