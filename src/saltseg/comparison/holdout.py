"""Two networks compared on the tiles that no network of either saw."""

from collections.abc import Callable

import numpy as np
import pandas as pd

from saltseg.comparison.differences import HoldoutDifference
from saltseg.comparison.posterior import Interval
from saltseg.comparison.tile_pairs import groups_of, pair_tiles, shared_scores


def holdout_differences(
    first: pd.DataFrame, second: pd.DataFrame, interval: Callable[..., Interval]
) -> tuple[HoldoutDifference, ...]:
    """Differences in each score that both have.

    Args:
        first: One row per tile of the hold-out, as `Contestant.holdout`.
        second: The same of the other network.
        interval: `bootstrap_interval` with all but its first three arguments.

    Returns:
        None where one of the two has no hold-out, or they share no tile of it.
    """
    if first.empty or second.empty:
        return ()
    pairs = pair_tiles(first, second)
    if pairs.empty:
        return ()
    found = []
    for score in shared_scores(pairs):
        one, other = pairs[f"{score}_first"], pairs[f"{score}_second"]
        mean = float((one - other).mean())
        over_tiles = interval(one - other, np.zeros(len(pairs)), groups_of(pairs))
        found.append(
            HoldoutDifference(
                score, float(one.mean()), float(other.mean()), mean, over_tiles, len(pairs)
            )
        )
    return tuple(found)
