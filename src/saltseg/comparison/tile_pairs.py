"""The tiles that two networks have both scored, side by side."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from saltseg.comparison.posterior import Interval
from saltseg.scoring.scores import TILE_SCORES


def pair_tiles(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Join two tables of tile scores on `id`; where tiles are of several divisions, on `fold`, too.

    Args:
        first: One row per tile and division, with `id` and `fold`.
        second: The same of the other network.

    Returns:
        One row per shared tile (and division), columns `*_first` and `*_second` beside `id`, sorted
        by the first's fold and by id: the draws of a bootstrap go by row, and the order of the
        tables must not matter.
    """
    suffixes = ("_first", "_second")
    if first["id"].is_unique and second["id"].is_unique:
        tiles = first.merge(second, on="id", suffixes=suffixes, validate="one_to_one")
    else:
        # Its fold tells the division of a row.
        one, other = (table.assign(division=table["fold"]) for table in (first, second))
        keys = ["id", "division"]
        tiles = one.merge(other, on=keys, suffixes=suffixes, validate="one_to_one")
    return tiles.sort_values(["fold_first", "id"], ignore_index=True)


def groups_of(pairs: pd.DataFrame) -> "pd.Series[int] | None":
    """The first's groups, where both tables have a column `group`."""
    return pairs["group_first"] if "group_second" in pairs else None


def shared_scores(pairs: pd.DataFrame) -> list[str]:
    """Names of the scores that both have, in the order of `TILE_SCORES`."""
    names = [score.name for score in TILE_SCORES]
    return [name for name in names if {f"{name}_first", f"{name}_second"} <= set(pairs)]


def class_rows(pairs: pd.DataFrame, interval: Callable[..., Interval]) -> pd.DataFrame:
    """Compare map_iou coverage class by coverage class, all tiles of a class together.

    Args:
        pairs: As from `pair_tiles`.
        interval: `bootstrap_interval` with all but its first three arguments.

    Returns:
        One row per class: `coverage_class`, `tiles`, means `first` and `second`, `difference`,
        `low`, `high`.
    """
    rows = []
    for label, own in pairs.groupby("coverage_class_first"):
        one, other = own["map_iou_first"], own["map_iou_second"]
        # Folds are no strata here: a small survey has two or three tiles of a class in a fold, and
        # drawn within the fold so few vary far too little (one alone, not at all).
        over_tiles = interval(one - other, np.zeros(len(own)), groups_of(own))
        rows.append(
            {
                "coverage_class": label,
                "tiles": len(own),
                "first": one.mean(),
                "second": other.mean(),
                "difference": (one - other).mean(),
                "low": over_tiles.low,
                "high": over_tiles.high,
            }
        )
    return pd.DataFrame(rows)
