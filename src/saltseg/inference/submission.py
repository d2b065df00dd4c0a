"""Submissions to the TGS competition: run-length text of every tile that the sample names."""

import csv
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from saltseg.errors import DataError
from saltseg.files import staged_file
from saltseg.inference.job import OutputOptions, predict_into
from saltseg.inference.model import KnownModel
from saltseg.inference.pictures import PredictOptions
from saltseg.inference.results import OtherPredictionsError, Results
from saltseg.inference.sections import Inputs, Reading, open_inputs
from saltseg.tiles.reading import rle
from saltseg.tiles.reading.kaggle_csv import few, read_column

SAMPLE = "sample_submission.csv"
AS_TRAINED = OutputOptions()
"""With the threshold of the model."""


def find_sample(test: Path) -> Path | None:
    """The sample beside the tiles, as in the Kaggle download, where there is one."""
    beside = test.resolve().parent / SAMPLE
    return beside if test.suffix != ".png" and beside.is_file() else None


def write_submission(
    out: Path,
    test: Path,
    sample: Path | None,
    model: KnownModel,
    options: PredictOptions,
    output: OutputOptions = AS_TRAINED,
    depths: Path | None = None,
) -> tuple[int, int]:
    """Predict all tiles and write them as the competition asks.

    Masks wait in a folder beside `out` until all are there: what is stopped goes on.

    Args:
        out: CSV to write, `id` and `rle_mask`.
        test: Folder or zip with the tiles.
        sample: Gives ids and their order; None for all tiles, sorted.
        model: Networks and threshold.
        options: Choices of the prediction.
        output: How probabilities become masks.
        depths: Table of seismic depths, where the model needs them.

    Returns:
        How many tiles hold salt, and how many there are.

    Raises:
        DataError: The sample names tiles that are not there, or a tile cannot be used.
    """
    if out.is_dir() or not out.name:
        raise DataError(f"{out}: a folder; name the CSV file to write")
    waiting = out.with_name(f".{out.name}.masks")
    with open_inputs([test], Reading(depths=depths)) as inputs:
        others = {id_ for volume in inputs.volumes for id_ in volume.ids}
        by_id = {one.id: one for one in inputs.sections if one.id not in others}
        ids = list(read_column(sample, "rle_mask")) if sample else list(by_id)
        if not ids:
            raise DataError(f"{sample}: no tiles; expected a row for each tile")
        if missing := set(ids) - by_id.keys():
            raise DataError(f"{test}: no image for {few(missing)}, which {sample} names")
        wanted = Inputs([by_id[id_] for id_ in ids], [], inputs.reading)
        try:
            predict_into(waiting, model, wanted, options, output)
        except OtherPredictionsError:
            # Only this command reads what waits there.
            predict_into(waiting, model, wanted, options, replace(output, overwrite=True))
    salt = _write(out, ids, Results(waiting, ("masks",)))
    shutil.rmtree(waiting)
    return salt, len(ids)


def _write(out: Path, ids: Sequence[str], results: Results) -> int:
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
