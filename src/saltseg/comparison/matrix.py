"""Several cross-validated networks, each against each other: chances of networks trained anew."""

from collections.abc import Sequence

from saltseg.comparison.networks import Contestant
from saltseg.comparison.posterior import Chances, fit_posterior
from saltseg.comparison.tile_pairs import pair_tiles

Matrix = list[list[Chances | None]]


def chances_matrix(
    contestants: Sequence[Contestant], rope: float, score: str = "map_iou"
) -> Matrix:
    """Chances for every pair, each what the pair says by itself.

    The verdicts of `compare` allow for the number of comparisons; these do not.

    Args:
        contestants: On the same tiles and folds.
        rope: Largest difference of the score that does not matter.
        score: Which one.

    Returns:
        A row for each network, a column for each: that the row is better, that both are practically
        equal, that the column is better. None on the diagonal, and where nothing can be said.
    """
    return [[_chances(row, column, rope, score) for column in contestants] for row in contestants]


def _chances(row: Contestant, column: Contestant, rope: float, score: str) -> Chances | None:
    if row is column:
        return None
    pairs = pair_tiles(row.tiles, column.tiles)
    differences = pairs[f"{score}_first"] - pairs[f"{score}_second"]
    by_fold = differences.groupby(pairs["fold_first"]).mean()
    posterior = fit_posterior(by_fold, 1 / (min(row.n_splits, column.n_splits) - 1))
    if posterior:
        return posterior.chances(rope)
    return None if differences.any() else Chances(0, 1, 0)
