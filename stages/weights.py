"""Provide the initial weights of the backbone.

Reads weights/${model.weights}: a marker for `random` and `imagenet`, else a weights file.
Writes data/initial/${backbone}: encoder.weights.h5 or, of a network trained before,
network.weights.h5 (none for `random`); source.txt.

Example:
    dvc repro weights
    dvc exp run -S backbone=vgg16 weights
"""

import shutil
from pathlib import Path

from saltseg.backbones import backbone_row
from saltseg.errors import WeightsError
from saltseg.files import staged_folder
from saltseg.params import load_params
from saltseg.root import at_root
from saltseg.training.runtime import prepare_engine


def main() -> None:
    """Run the stage in the current folder."""
    with at_root("weights"):
        params = load_params()
        wanted, row = params.model.weights, backbone_row(params.backbone)
        with staged_folder(Path("data/initial") / params.backbone) as out:
            (out / "source.txt").write_text(f"{wanted}\n")
            if wanted == "random":
                return
            file = Path("weights") / wanted
            if not file.is_file():
                raise WeightsError(f"model.weights: {file} does not exist; put the file there")
            prepare_engine(seed=0, threads=None)
            # Keras takes seconds to import, and random weights need none of it.
            from saltseg.nets.initial import (
                ENCODER,
                NETWORK,
                convert_initial,
                fetch_imagenet,
                holds_network,
            )

            if wanted == "imagenet":
                fetch_imagenet(row, out / ENCODER)
            elif holds_network(file):
                shutil.copyfile(file, out / NETWORK)
            else:
                convert_initial(row, file, out / ENCODER)


if __name__ == "__main__":
    main()
