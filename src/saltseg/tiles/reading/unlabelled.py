"""Surveys of which people have labelled a part only: 128 of 255 in masks."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from saltseg.array_types import Bytes
from saltseg.errors import DataError
from saltseg.tiles.masks import SALT, labelled
from saltseg.tiles.survey import Survey


def check_unlabelled(masks: Bytes, names: Sequence[str], soft: Sequence[str]) -> None:
    """Make sure that what was taken for unlabelled is no salt, and no edge of it.

    Args:
        masks: (N, H, W), values as in `tiles.masks`.
        names: Files of the masks, (N,).
        soft: Those of them that hold more grey levels than a mask.

    Raises:
        DataError: Some pixels are unlabelled, and no pixel of any mask is salt or some masks are
            soft.
    """
    partly = [name for name, mask in zip(names, masks, strict=True) if not labelled(mask).all()]
    if not partly:
        return
    if soft:
        raise DataError(
            f"{partly[0]}: 128 stands for unlabelled, but {soft[0]} has more grey levels, as after"
            " resizing, where 128 may be an edge of salt; resize masks by the nearest pixel, or"
            " write 0 and 255 only"
        )
    if not any(np.any(mask == SALT) for mask in masks):
        raise DataError(
            f"{partly[0]}: 128 stands for unlabelled, and no mask has any salt; where 128 is meant"
            " for it, write 255"
        )


def set_blank_aside(survey: Survey) -> Survey:
    """Count tiles of which nothing is labelled among the unlabelled ones, and tell of gaps.

    Args:
        survey: Its masks may be wholly unlabelled.

    Returns:
        The same where all is labelled.
    """
    gaps = np.array([np.mean(~labelled(mask)) for mask in survey.masks])
    if not gaps.any():
        return survey
    partly, blank = np.flatnonzero(gaps), gaps == 1
    told = (
        f"{len(partly)} of {len(gaps)} masks have unlabelled pixels (128; first:"
        f" {survey.tiles['id'].iloc[partly[0]]}), {gaps.mean():.1%} of all: left out of loss and"
        " scores"
    )
    survey = replace(survey, remarks=[*survey.remarks, told])
    if not blank.any():
        return survey
    first = survey.tiles["id"][blank].iloc[0]
    told = f"{blank.sum()} of these masks label nothing (first: {first}): as tiles without a mask"
    moved = [survey.unlabelled_tiles, survey.tiles[blank]]
    return replace(
        survey,
        images=survey.images[~blank],
        masks=survey.masks[~blank],
        tiles=survey.tiles[~blank].reset_index(drop=True),
        unlabelled=np.concatenate([survey.unlabelled, survey.images[blank]]),
        unlabelled_tiles=pd.concat(moved, ignore_index=True),
        remarks=[*survey.remarks, told],
    )
