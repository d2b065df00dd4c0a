"""Submissions scored as the competition does."""

from pathlib import Path

import numpy as np
import pandas as pd

from saltseg.errors import DataError
from saltseg.scoring.scores import COUNTS, tile_scores
from saltseg.tiles.reading import rle
from saltseg.tiles.reading.kaggle_csv import few, read_column


def score_submission(submission: Path, answers: Path, height: int, width: int) -> pd.DataFrame:
    """Score each tile of a submission.

    Args:
        submission: CSV with `id` and `rle_mask`.
        answers: The truth, in the same form; each id of one file must be in the other.
        height: Rows of a tile.
        width: Columns of a tile.

    Returns:
        `id` and `TILE_SCORES`; the mean of `map_iou` is the competition's score.

    Raises:
        DataError: A file is unreadable, run-length text is impossible, or the ids differ.
    """
    found, truth = (read_column(path, "rle_mask") for path in (submission, answers))
    for have, lack, file in ((truth, found, submission), (found, truth, answers)):
        if missing := have.keys() - lack.keys():
            raise DataError(f"{file}: no row for {few(missing)}; expected the same ids in both")
    if not truth:
        raise DataError(f"{answers}: no tiles; expected a row for each")
    counts = []
    for id_, text in truth.items():
        true = rle.decode(text, height, width, f"{answers}: tile {id_}") > 0
        ours = rle.decode(found[id_], height, width, f"{submission}: tile {id_}") > 0
        pairs = (true & ours, ~true & ours, true & ~ours)
        counts.append([np.count_nonzero(pair) for pair in pairs])
    scores = tile_scores(pd.DataFrame(counts, columns=COUNTS))
    scores.insert(0, "id", list(truth))
    return scores
