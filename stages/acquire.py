"""Read the survey and check it.

Reads `dataset`: a synthetic recipe or a folder in the Kaggle layout.
Writes data/survey: images.npy, masks.npy, tiles.csv, unlabelled.npy, unlabelled.csv.

Example:
    dvc repro acquire
    dvc exp run -S dataset=/data/tgs acquire
"""

from pathlib import Path

from saltseg.files import staged_folder
from saltseg.params import load_params
from saltseg.root import at_root
from saltseg.tiles.dataset import read_dataset
from saltseg.tiles.mosaics.copies import copy_remarks
from saltseg.tiles.survey import save_survey


def main() -> None:
    """Run the stage in the current folder."""
    with at_root("acquire"):
        survey = read_dataset(Path(load_params().dataset))
        with staged_folder(Path("data/survey")) as out:
            save_survey(survey, out)
        height, width = survey.images.shape[1:]
        empty = (survey.tiles["coverage"] == 0).mean()
        print(
            f"{len(survey.images)} tiles of {width} x {height} pixels, {empty:.1%} without salt; "
            f"{len(survey.unlabelled)} unlabelled"
        )
        for remark in (*survey.remarks, *copy_remarks(survey)):
            print(f"acquire: {remark}")


if __name__ == "__main__":
    main()
