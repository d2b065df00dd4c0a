"""How far folds leak: tiles whose neighbour, cut from the same section, lies in another fold."""

import numpy as np
import pandas as pd


def leaks(folds: pd.DataFrame, mosaics: pd.DataFrame) -> dict[str, float]:
    """Shares of tiles that a network is scored on after it has trained on what lies beside them.

    Lower bounds: neighbours that were not found do not count.

    Args:
        folds: One row per labelled tile: `id`, `fold`; the hold-out counts as a fold.
        mosaics: Of all tiles: `id`, `group`, `row`, `column`.

    Returns:
        `neighbour`: share with a touching tile in another fold; `mosaic`: share with any tile of
        the same mosaic in another fold.
    """
    tiles = folds[["id", "fold"]].merge(mosaics, on="id", validate="one_to_one")
    beside = np.zeros(len(tiles), dtype=bool)
    for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0)):
        others = tiles.assign(row=tiles["row"] + down, column=tiles["column"] + right)
        pairs = tiles.merge(others, "left", on=["group", "row", "column"], suffixes=("", "_other"))
        beside |= (pairs["fold_other"].notna() & (pairs["fold"] != pairs["fold_other"])).to_numpy()
    spread = tiles.groupby("group")["fold"].transform("nunique") > 1
    return {"neighbour": round(float(beside.mean()), 6), "mosaic": round(float(spread.mean()), 6)}
