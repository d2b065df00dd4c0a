"""Make the network's input: channels, resized, cached as arrays.

Reads data/survey.
Writes data/processed: images.npy (N, S, S, C) and masks.npy (N, S, S, 1), uint8, and
channels.json, how each channel follows augmentation, and native.json, the tiles before.

Example:
    dvc repro preprocess
    dvc exp run -S preprocess.side=64 preprocess
"""

from pathlib import Path

from saltseg.files import staged_folder
from saltseg.params import load_params
from saltseg.root import at_root
from saltseg.tiles.inputs.arrays import write_arrays


def main() -> None:
    """Run the stage in the current folder."""
    with at_root("preprocess"):
        options = load_params().preprocess
        with staged_folder(Path("data/processed")) as out:
            write_arrays(Path("data/survey"), out, options)


if __name__ == "__main__":
    main()
