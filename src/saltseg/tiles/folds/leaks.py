"""How far folds leak: tiles scored by a network that was trained on their neighbours."""

from collections.abc import Iterator, Mapping, Sequence

import pandas as pd

from saltseg.tiles.folds.table import HOLDOUT, divisions

_PLACE = ["group", "row", "column"]


def leaks(
    folds: pd.DataFrame, mosaics: pd.DataFrame, scored: Sequence[int] | None = None
) -> dict[str, float]:
    """Shares of tiles that a network is scored on after it was trained on their neighbours.

    The network of a fold trains on all tiles but those of its fold and of the hold-out. Lower
    bounds: neighbours that were not found do not count.

    Args:
        folds: One row per labelled tile: `id`, `fold` and the folds of further divisions.
        mosaics: Of all tiles: `id`, `group`, `row`, `column`; copies share their place.
        scored: The folds whose networks there are; None = all of the first division.

    Returns:
        Of the tiles of these folds `neighbour`: share with a touching tile trained on; `mosaic`:
        share with any tile of the same mosaic trained on; `copy`: share with a copy trained on.
        The same of the tiles of the hold-out, where there is one, as `holdout_neighbour` and so on.
    """
    networks = sorted(set(folds["fold"]) - {HOLDOUT}) if scored is None else list(scored)
    # All folds together predict the hold-out: one network alone has not seen its own fold.
    alone = networks[0] if len(networks) == 1 else HOLDOUT
    each = [_seen(table, mosaics, alone) for table, _ in divisions(folds, networks)]
    seen = pd.concat(each, ignore_index=True)
    counted = {"": seen["fold"].isin(networks), "holdout_": seen["fold"] == HOLDOUT}
    return {
        f"{prefix}{name}": round(float(seen[name][rows].mean()), 6)
        for prefix, rows in counted.items()
        if rows.any()
        for name in ("neighbour", "mosaic", "copy")
    }


def _seen(folds: pd.DataFrame, mosaics: pd.DataFrame, alone: int) -> pd.DataFrame:
    """Whether the network that is scored on a tile was trained on its neighbour, and so on.

    Args:
        folds: One division.
        mosaics: As for `leaks`.
        alone: The fold whose network alone predicts the hold-out, or `HOLDOUT`.
    """
    tiles = folds[["id", "fold"]].merge(mosaics, on="id", validate="one_to_one")
    tiles["unseen"] = tiles["fold"].where(tiles["fold"] != HOLDOUT, alone)
    steps = ((0, 1), (1, 0), (0, -1), (-1, 0))
    beside = [tiles.assign(row=tiles["row"] + y, column=tiles["column"] + x) for y, x in steps]
    return tiles.assign(
        neighbour=_trained_on(tiles, pd.concat(beside), _PLACE),
        mosaic=_trained_on(tiles, tiles, ["group"]),
        copy=_trained_on(tiles, tiles, _PLACE),
    )


def _trained_on(
    tiles: pd.DataFrame, others: pd.DataFrame, keys: Sequence[str]
) -> "pd.Series[bool]":
    """Whether a network that is scored on a tile was trained on another with equal `keys`."""
    kinds = others[[*keys, "fold"]].drop_duplicates()
    pairs = tiles.merge(kinds, on=list(keys), suffixes=("", "_other"))
    trained = (pairs["fold_other"] != HOLDOUT) & (pairs["fold_other"] != pairs["unseen"])
    return tiles["id"].isin(pairs["id"][trained])


def leak_sentences(shares: Mapping[str, float]) -> Iterator[str]:
    """The shares in words, those of the hold-out in a line of their own.

    Args:
        shares: As from `leaks`.
    """
    for prefix, whose in (("", "the tiles"), ("holdout_", "the hold-out's tiles")):
        if f"{prefix}neighbour" in shares:
            beside, mosaic, copy = (
                shares[f"{prefix}{name}"] for name in ("neighbour", "mosaic", "copy")
            )
            yield (
                f"{beside:.1%} of {whose} touch one of another fold, {mosaic:.1%} share its mosaic"
                f" (as far as mosaics were found), {copy:.1%} are its copy"
            )
