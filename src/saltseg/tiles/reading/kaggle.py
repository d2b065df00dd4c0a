"""A survey in the layout of the Kaggle download `tgs-salt-identification-challenge`."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from saltseg.array_types import Bytes
from saltseg.errors import DataError
from saltseg.tiles.masks import coverage_of, labelled
from saltseg.tiles.reading import rle
from saltseg.tiles.reading.archive import Member, open_members, read_zipped
from saltseg.tiles.reading.kaggle_csv import (
    check_unique,
    few,
    present,
    read_column,
    read_seismic_depths,
)
from saltseg.tiles.reading.layout import Layout, Source, first_of, layout_of
from saltseg.tiles.reading.stack import read_images, read_masks
from saltseg.tiles.reading.unlabelled import check_unlabelled, set_blank_aside
from saltseg.tiles.survey import Survey


def read_kaggle(folder: Path) -> Survey:
    """Read and check a survey; tiles are sorted by id.

    Args:
        folder: Holds `train/` or `train.zip` with `images/ID.png` and `masks/ID.png`, or these two
            folders themselves; may hold `test/` or `test.zip` with `images/ID.png` (tiles without
            masks), `depths.csv` (`id,z`) and `train.csv` (`id,rle_mask`, checked against the
            masks). Where a folder and a zip are there, the folder is read. All this may lie deeper,
            or in one zip (see `layout_of`). Tiles whose masks are wholly unlabelled count as tiles
            without masks.

    Returns:
        The survey; `z` is NaN where unknown.

    Raises:
        DataError: Anything is missing, damaged, doubled or contradicts itself.
    """
    layout = layout_of(folder)
    ids, images, masks, soft = _read_labelled(layout.labelled)
    _check_rle(*_find_table(layout, "train.csv"), ids, masks)
    unlabelled_ids, unlabelled = _read_unlabelled(layout.unlabelled, images.shape[1:])
    both = set(ids) & set(unlabelled_ids)
    if both:
        raise DataError(
            f"{folder}: {few(both)} among the labelled and the unlabelled tiles; expected each id"
            " once, so remove one of the two"
        )
    depths = _find_table(layout, "depths.csv")
    tiles, unlabelled_tiles = _table(ids, *depths), _table(unlabelled_ids, *depths)
    remarks = [*_soft_remark(soft, len(ids)), *_depth_remarks(*depths, tiles)]
    read = Survey(images, masks, tiles, unlabelled, unlabelled_tiles, remarks)
    survey = set_blank_aside(read)
    return replace(survey, tiles=survey.tiles.assign(coverage=coverage_of(survey.masks)))


def _find_table(layout: Layout, name: str) -> tuple[Path, bytes | None]:
    """The path of a table, there or not, and its content where it is in a zip."""
    for place in layout.tables:
        if place.is_file() and (content := read_zipped(place, name)) is not None:
            return place / name, content
    return first_of(layout.tables, [name]) or layout.tables[0] / name, None


def _table(ids: list[str], depths: Path, content: bytes | None) -> pd.DataFrame:
    z = read_seismic_depths(depths, ids, content)
    return pd.DataFrame({"id": pd.Series(ids, dtype=str), "z": z})


def _soft_remark(soft: Sequence[str], count: int) -> Iterator[str]:
    if soft:
        yield (
            f"{len(soft)} of {count} masks have more than two grey levels (first: {soft[0]}), as"
            " after resizing or from a JPEG; above half of the brightest is taken for salt"
        )


def _depth_remarks(path: Path, content: bytes | None, tiles: pd.DataFrame) -> Iterator[str]:
    there = content is not None or present(path)
    if there and tiles["z"].isna().all():
        yield f"{path} gives no depth for any labelled tile (its ids are those of images/ID.png?)"


def _read_labelled(source: Source) -> tuple[list[str], Bytes, Bytes, list[str]]:
    with open_members(source.path, within=source.within) as members:
        images = _by_id(members, "images", source.path)
        masks = _by_id(members, "masks", source.path)
        for name, found, other in (("mask", images, masks), ("image", masks, images)):
            lone = found.keys() - other.keys()
            if lone:
                raise DataError(
                    f"{source.path}: no {name} for {few(lone)}; expected images/ID.png and"
                    " masks/ID.png for each tile, so add the missing or remove the lone files"
                )
        ids = sorted(images)
        pictures = read_images([images[id_] for id_ in ids], "images")
        height, width = pictures.shape[1:]
        members = [masks[id_] for id_ in ids]
        salt, soft = read_masks(members, (height, width), "masks")
        check_unlabelled(salt, [member.where for member in members], soft)
        return ids, pictures, salt, soft


def _read_unlabelled(source: Source | None, size: tuple[int, ...]) -> tuple[list[str], Bytes]:
    if source is None:
        return [], np.empty((0, *size), dtype=np.uint8)
    with open_members(source.path, within=source.within) as members:
        images = _by_id(members, "images", source.path)
        ids = sorted(images)
        pictures = read_images([images[id_] for id_ in ids], "unlabelled images")
    if pictures.shape[1:] != size:
        raise DataError(
            f"{source.path}: the tiles are {pictures.shape[1]}x{pictures.shape[2]} pixels (height x"
            f" width) and the labelled ones {size[0]}x{size[1]}; expected one size for all"
        )
    return ids, pictures


def _by_id(members: Iterable[Member], kind: str, source: Path) -> dict[str, Member]:
    """The members of folder `kind` by id; at least one, each id once."""
    found = sorted((m for m in members if m.folder == kind), key=lambda member: member.id)
    if not found:
        raise DataError(f"{source}: no {kind}; expected PNG files {kind}/ID.png in it")
    check_unique([member.id for member in found], f"{source}: {kind}/")
    return {member.id: member for member in found}


def _check_rle(path: Path, content: bytes | None, ids: Sequence[str], masks: Bytes) -> None:
    """Hold the PNG masks, where labelled, against the run-length text of the tiles listed."""
    if content is None and not present(path):
        return
    index = {id_: position for position, id_ in enumerate(ids)}
    table = read_column(path, "rle_mask", content)
    unknown = table.keys() - index.keys()
    if unknown:
        raise DataError(
            f"{path}: no picture for {few(unknown)} listed here; unpack the images again, or"
            " remove these rows"
        )
    height, width = masks.shape[1:]
    for id_, text in table.items():
        listed = rle.decode(text, height, width, f"{path}: tile {id_}")
        mask = masks[index[id_]]
        differing = np.count_nonzero((listed != mask) & labelled(mask))
        if differing:
            how = "are opposites" if differing == listed.size else f"differ in {differing} pixels"
            raise DataError(
                f"{path}: tile {id_}: rle_mask and masks/{id_}.png {how}; expected the same mask,"
                " so find out which one is right and mend the other"
            )
