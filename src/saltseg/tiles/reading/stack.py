"""Many PNG tiles into one array; every tile of a survey has the same size.

The progress bar goes to stdout, since stderr is shut for the moments in which a PNG is decoded.
"""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import psutil
from rich.progress import track

from saltseg.array_types import Bytes
from saltseg.errors import DataError
from saltseg.tiles.reading.archive import Member
from saltseg.tiles.reading.pngs import image_from_png, mask_from_png, png_size

_LEAST_SIDE = 3
"""Pixels that a gradient, and a border continued outwards, need."""


def read_images(members: Sequence[Member], what: str) -> Bytes:
    """Decode image tiles of one size.

    Args:
        members: At least one.
        what: Text in front of the progress bar.

    Returns:
        Grey levels, (N, H, W) uint8, in the order of `members`.

    Raises:
        DataError: A tile is damaged, not 8-bit grey, tiny, or of another size than the others.
    """
    first = image_from_png(members[0].read(), members[0].where)
    if min(first.shape) < _LEAST_SIDE:
        raise DataError(
            f"{members[0].where}: {_text(first.shape)} pixels; expected tiles of at least"
            f" {_LEAST_SIDE} a side, so replace them"
        )
    images = _allocate(members, first.shape)
    for index, member in enumerate(track(members, what)):
        image = image_from_png(member.read(), member.where)
        if image.shape != first.shape:
            raise DataError(_odd_one_out(members))
        images[index] = image
    return images


def read_masks(
    members: Sequence[Member], size: tuple[int, int], what: str
) -> tuple[Bytes, list[str]]:
    """Decode the masks of tiles of one size.

    Args:
        members: At least one.
        size: Height and width of the tiles.
        what: Text in front of the progress bar.

    Returns:
        (N, H, W) uint8, values as in `tiles.masks`, in the order of `members`; and which of the
        files hold more grey levels than a mask (see `mask_from_png`).

    Raises:
        DataError: A mask is damaged, not grey, a picture, or of another size than its tile.
    """
    masks, soft = _allocate(members, size), []
    for index, member in enumerate(track(members, what)):
        mask, is_soft = mask_from_png(member.read(), member.where)
        if mask.shape != size:
            raise DataError(
                f"{member.where}: this mask is {_text(mask.shape)} pixels (height x width) and its"
                f" tile is {_text(size)}; expected the same size, so replace one of them"
            )
        masks[index] = mask
        if is_soft:
            soft.append(member.where)
    return masks, soft


def _allocate(members: Sequence[Member], size: tuple[int, ...]) -> Bytes:
    # The system hands out memory it does not have, and ends the process that then uses it.
    if len(members) * math.prod(size) > psutil.virtual_memory().available:
        # One huge first tile among small ones is the likelier cause, and the clearer message.
        raise DataError(_odd_one_out(members))
    return np.empty((len(members), *size), dtype=np.uint8)


def _odd_one_out(members: Sequence[Member]) -> str:
    """Name a tile that differs from the common size, whichever tile was read first."""
    sizes = [png_size(member.read(), member.where) for member in members]
    common = Counter(sizes).most_common(1)[0][0]
    odd = [index for index, size in enumerate(sizes) if size != common]
    if not odd:
        return (
            f"{members[0].where}: {len(members)} tiles of {_text(common)} pixels do not fit into"
            " memory; use fewer or smaller tiles"
        )
    return (
        f"{members[odd[0]].where}: this tile is {_text(sizes[odd[0]])} pixels (height x width) and"
        f" {len(sizes) - len(odd)} of {len(sizes)} are {_text(common)}; expected one size for all,"
        f" so crop or remove the {len(odd)} that differ"
    )


def _text(size: tuple[int, ...]) -> str:
    return "x".join(map(str, size))
