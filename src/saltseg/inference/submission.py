"""Submissions to the TGS competition: run-length text of every tile that the sample names."""

import csv
import shutil
from dataclasses import replace
from pathlib import Path

from saltseg.errors import DataError
from saltseg.files import staged_file
from saltseg.inference.job import Results, Wishes, predict_into
from saltseg.inference.model import How, SaltModel
from saltseg.inference.sections import Inputs, open_inputs
from saltseg.inference.segy import Geometry
from saltseg.tiles import rle
from saltseg.tiles.tables import few, read_column

SAMPLE = "sample_submission.csv"


def write_submission(
    out: Path, test: Path, sample: Path | None, model: SaltModel, how: How, wishes: Wishes
) -> tuple[int, int]:
    """Predict all tiles and write them as the competition asks.

    Masks wait in a folder beside `out` until all are there: what is stopped goes on.

    Args:
        out: CSV to write, `id` and `rle_mask`.
        test: Folder or zip with the tiles.
        sample: Gives ids and their order; None for the one beside `test`, else sorted ids.
        model: Networks and threshold.
        how: Choices of the prediction.
        wishes: Threshold and depths.

    Returns:
        How many tiles hold salt, and how many there are.

    Raises:
        DataError: The sample names tiles that are not there, or a tile cannot be used.
    """
    beside = test.resolve().parent / SAMPLE
    if sample is None and beside.exists():
        sample = beside
    waiting = out.with_name(f".{out.name}.masks")
    with open_inputs([test], wishes.clip, Geometry()) as inputs:
        by_id = {section.id: section for section in inputs.sections}
        ids = list(read_column(sample, "rle_mask")) if sample else list(by_id)
        if missing := set(ids) - by_id.keys():
            raise DataError(f"{test}: no image for {few(missing)}, which {sample} names")
        wanted = Inputs([by_id[id_] for id_ in ids], [])
        predict_into(waiting, model, wanted, how, replace(wishes, probabilities=False), True)
        salt = _write(out, ids, Results(waiting))
    shutil.rmtree(waiting)
    return salt, len(ids)


def _write(out: Path, ids: list[str], results: Results) -> int:
    """Write the table; returns how many tiles hold salt."""
    salt = 0
    with staged_file(out) as staging, staging.open("w", newline="") as file:
        rows = csv.writer(file, lineterminator="\n")
        rows.writerow(["id", "rle_mask"])
        for id_ in ids:
            text = rle.encode(results.mask(id_))
            salt += bool(text)
            rows.writerow([id_, text])
    return salt
