"""Tiles that are there twice: pixel for pixel the same, perhaps mirrored or turned."""

from collections.abc import Iterator
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from saltseg.array_types import Bytes
from saltseg.tiles.masks import labelled
from saltseg.tiles.survey import Survey


def originals(images: Bytes) -> NDArray[np.int64]:
    """The first tile with the same pixels as each; tiles of one grey level are no copies.

    Args:
        images: Grey levels, (N, H, W) uint8.

    Returns:
        (N,) places; of a tile that is no copy its own.
    """
    first: dict[bytes, int] = {}
    found = np.arange(len(images))
    for place, image in enumerate(images):
        if np.ptp(image):
            # Of its eight views a tile and its copies share the smallest.
            key = blake2b(min(view.tobytes() for view in _views(image)), digest_size=16).digest()
            found[place] = first.setdefault(key, place)
    return found


def _views(tile: Bytes) -> list[Bytes]:
    """A tile turned and mirrored in every way that keeps its shape."""
    turned = [np.rot90(tile, quarters) for quarters in range(4)]
    views = [view for one in turned for view in (one, one[:, ::-1])]
    return [view for view in views if view.shape == tile.shape]


def copy_remarks(survey: Survey) -> Iterator[str]:
    """How many tiles are copies, and how many of these contradict their original, with the first.

    Args:
        survey: Unlabelled tiles count too, but have no mask that could contradict.

    Yields:
        No sentence, one or two.
    """
    ids = [*survey.tiles["id"], *survey.unlabelled_tiles["id"]]
    images = np.concatenate([survey.images, survey.unlabelled])
    first = originals(images)
    copies = [(int(one), place) for place, one in enumerate(first) if one != place]
    if not copies:
        return
    one, copy = copies[0]
    yield (
        f"{len(copies)} of {len(ids)} tiles are copies of others, as they are, mirrored or turned"
        f" (first: {ids[copy]} of {ids[one]}); split.strategy: grouped keeps them in one fold"
    )
    labelled = [pair for pair in copies if max(pair) < len(survey.masks)]
    wrong = [pair for pair in labelled if _masks_differ(survey, *pair)]
    if wrong:
        one, copy = wrong[0]
        yield (
            f"{len(wrong)} copies have another mask than their original (first: {ids[copy]} of"
            f" {ids[one]}); find out which one is right and remove the other"
        )


def _masks_differ(survey: Survey, one: int, copy: int) -> bool:
    """Whether no view under which the images are equal makes the masks equal.

    As far as both are labelled.
    """
    other = survey.masks[copy]
    pairs = zip(_views(survey.images[one]), _views(survey.masks[one]), strict=True)
    return not any(
        np.array_equal(image, survey.images[copy])
        and not np.any((mask != other) & labelled(mask) & labelled(other))
        for image, mask in pairs
    )
