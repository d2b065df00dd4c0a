"""A survey in the layout of the Kaggle download `tgs-salt-identification-challenge`."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from saltseg.errors import DataError
from saltseg.tiles import rle
from saltseg.tiles.archive import Member, open_members
from saltseg.tiles.stack import read_images, read_masks
from saltseg.tiles.survey import Bytes, Survey, coverage_of
from saltseg.tiles.tables import check_unique, few, present, read_column, read_seismic_depths


def read_kaggle(folder: Path) -> Survey:
    """Read and check a survey; tiles are sorted by id.

    Args:
        folder: Holds `train/` or `train.zip` with `images/ID.png` and `masks/ID.png`, or these two
            folders themselves; may hold `test/` or `test.zip` with `images/ID.png` (tiles without
            masks), `depths.csv` (`id,z`) and `train.csv` (`id,rle_mask`, checked against the
            masks). Where a folder and a zip are there, the folder is read.

    Returns:
        The survey; `z` is NaN where unknown.

    Raises:
        DataError: Anything is missing, damaged, doubled or contradicts itself.
    """
    ids, images, masks = _read_labelled(_labelled_source(folder))
    _check_rle(folder / "train.csv", ids, masks)
    unlabelled_ids, unlabelled = _read_unlabelled(folder, images.shape[1:])
    both = set(ids) & set(unlabelled_ids)
    if both:
        raise DataError(
            f"{folder}: {few(both)} among the labelled and the unlabelled tiles; expected each id"
            " once, so remove one of the two"
        )
    depths = folder / "depths.csv"
    tiles = _table(ids, depths).assign(coverage=coverage_of(masks))
    return Survey(images, masks, tiles, unlabelled, _table(unlabelled_ids, depths))


def _table(ids: list[str], depths: Path) -> pd.DataFrame:
    return pd.DataFrame({"id": pd.Series(ids, dtype=str), "z": read_seismic_depths(depths, ids)})


def _labelled_source(folder: Path) -> Path:
    if not folder.is_dir():
        raise DataError(f"{folder}: no such folder; expected one in the Kaggle layout")
    for source in (folder / "train", folder / "train.zip"):
        if present(source):
            return source
    if (folder / "images").is_dir() or (folder / "masks").is_dir():
        return folder
    raise DataError(
        f"{folder}: no tiles here; expected train.zip, or train/ with images/ and masks/, so"
        " download the competition's data into it"
    )


def _read_labelled(source: Path) -> tuple[list[str], Bytes, Bytes]:
    with open_members(source) as members:
        images = _by_id(members, "images", source)
        masks = _by_id(members, "masks", source)
        for name, found, other in (("mask", images, masks), ("image", masks, images)):
            lone = found.keys() - other.keys()
            if lone:
                raise DataError(
                    f"{source}: no {name} for {few(lone)}; expected images/ID.png and"
                    " masks/ID.png for each tile, so add the missing or remove the lone files"
                )
        ids = sorted(images)
        pictures = read_images([images[id_] for id_ in ids], "images")
        height, width = pictures.shape[1:]
        return ids, pictures, read_masks([masks[id_] for id_ in ids], (height, width), "masks")


def _read_unlabelled(folder: Path, size: tuple[int, ...]) -> tuple[list[str], Bytes]:
    for source in (folder / "test", folder / "test.zip"):
        if present(source):
            break
    else:
        return [], np.empty((0, *size), dtype=np.uint8)
    with open_members(source) as members:
        images = _by_id(members, "images", source)
        ids = sorted(images)
        pictures = read_images([images[id_] for id_ in ids], "unlabelled images")
    if pictures.shape[1:] != size:
        raise DataError(
            f"{source}: the tiles are {pictures.shape[1]}x{pictures.shape[2]} pixels (height x"
            f" width) and the labelled ones {size[0]}x{size[1]}; expected one size for all"
        )
    return ids, pictures


def _by_id(members: Iterable[Member], kind: str, source: Path) -> dict[str, Member]:
    """The members of folder `kind` by id; at least one, each id once."""
    found = sorted((m for m in members if m.folder == kind), key=lambda member: member.id)
    if not found:
        raise DataError(f"{source}: no {kind}; expected files {kind}/ID.png in it")
    check_unique([member.id for member in found], f"{source}: {kind}/")
    return {member.id: member for member in found}


def _check_rle(path: Path, ids: Sequence[str], masks: Bytes) -> None:
    """Hold the PNG masks against the run-length text of the tiles that `path` lists."""
    if not present(path):
        return
    index = {id_: position for position, id_ in enumerate(ids)}
    table = read_column(path, "rle_mask")
    unknown = table.keys() - index.keys()
    if unknown:
        raise DataError(
            f"{path}: no picture for {few(unknown)} listed here; unpack the images again, or"
            " remove these rows"
        )
    height, width = masks.shape[1:]
    for id_, text in table.items():
        listed = rle.decode(text, height, width, f"{path}: tile {id_}")
        differing = np.count_nonzero(listed != masks[index[id_]])
        if differing:
            raise DataError(
                f"{path}: tile {id_}: rle_mask and masks/{id_}.png differ in {differing} pixels;"
                " expected the same mask, so find out which one is right and mend the other"
            )
