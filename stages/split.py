"""Divide the labelled tiles into folds of even salt coverage.

Reads data/survey, data/mosaics.csv.
Writes data/folds.csv: id, fold (-1: hold-out), coverage_class, group.

Example:
    dvc repro split
    dvc exp run -S split.strategy=grouped split
"""

from pathlib import Path

from rich.console import Console

from saltseg.files import staged_file
from saltseg.params import load_params
from saltseg.root import at_root
from saltseg.tiles.folds.dividing import make_folds, spread_table
from saltseg.tiles.folds.leaks import leak_sentences, leaks
from saltseg.tiles.mosaics.table import groups_of, read_mosaics
from saltseg.tiles.survey import read_tiles


def main() -> None:
    """Run the stage in the current folder."""
    with at_root("split"):
        params = load_params()
        tiles = read_tiles(Path("data/survey"))
        mosaics = read_mosaics(Path("data/mosaics.csv"))
        groups = groups_of(mosaics, tiles["id"])
        folds, remarks = make_folds(tiles, groups, params.split)
        with staged_file(Path("data/folds.csv")) as file:
            folds.to_csv(file, index=False)
        console = Console(highlight=False)
        for sentence in remarks:
            console.print(f"split: {sentence}")
        for sentence in leak_sentences(leaks(folds, mosaics)):
            console.print(f"{params.split.strategy}: {sentence}")
        console.print("tiles, mean coverage, and tiles of each coverage class by fold:")
        console.print(spread_table(folds, tiles).round(3).to_string())


if __name__ == "__main__":
    main()
