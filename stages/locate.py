"""Make sure that the dataset is there, before DVC looks for it as a dependency.

Reads nothing but the parameter `dataset`.
Writes data/dataset.txt: its path.

Example:
    dvc repro locate
    dvc exp run -S dataset=/data/tgs locate
"""

from pathlib import Path

from saltseg.files import write_whole
from saltseg.params import load_params
from saltseg.root import at_root
from saltseg.tiles.location import require_dataset


def main() -> None:
    """Run the stage in the current folder."""
    with at_root("locate"):
        dataset = load_params().dataset
        require_dataset(Path(dataset))
        write_whole(Path("data/dataset.txt"), f"{dataset}\n".encode())


if __name__ == "__main__":
    main()
