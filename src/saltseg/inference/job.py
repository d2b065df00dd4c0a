"""Predict all that is asked for into a folder, and go on where it stopped."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.progress import Progress

from saltseg.errors import DataError
from saltseg.figures.overlay import contact_sheet, overlay
from saltseg.files import staged_file, write_whole
from saltseg.inference.model import How, Picture, SaltModel
from saltseg.inference.sections import Inputs, Section
from saltseg.inference.volumes import Result
from saltseg.tiles.survey import Bytes
from saltseg.tiles.tables import read_seismic_depths

Floats = NDArray[np.float32]

_SETTINGS = "prediction.json"
_SHOWN = 24
_WHITE = 2**16 - 1


@dataclass(frozen=True)
class Wishes:
    """What a prediction writes, and from what.

    Attributes:
        threshold: Probability above which a pixel counts as salt; None for that of the model.
        probabilities: Whether probabilities are written, too.
        depths: Table of seismic depths, where the model needs them.
        clip: Percentile at which amplitudes were clipped.
        inputs: The files and folders.
    """

    threshold: float | None
    probabilities: bool
    depths: Path | None
    clip: float
    inputs: Sequence[Path]


class Results:
    """A folder of masks, in which a section counts as done once its mask is there."""

    def __init__(self, folder: Path) -> None:
        """Use a folder.

        Args:
            folder: Created where missing.
        """
        self.folder = folder
        self._coverage: dict[str, tuple[int, int, float]] = {}

    def begin(self, settings: dict[str, Any], overwrite: bool) -> None:
        """Make sure that the folder holds no predictions made otherwise.

        Raises:
            DataError: It does, with what differs.
        """
        path = self.folder / _SETTINGS
        try:
            before = json.loads(path.read_text()) if path.exists() else {}
        except ValueError:
            before = {"prediction.json": "unreadable"}
        if before and before != settings and not overwrite:
            differing = [
                name for name in settings | before if before.get(name) != settings.get(name)
            ]
            raise DataError(
                f"{self.folder}: holds predictions made otherwise ({', '.join(differing)} differ);"
                " give another folder, or --overwrite"
            )
        if before != settings:
            for mask in (self.folder / "masks").rglob("*.png"):
                mask.unlink()
        write_whole(path, (json.dumps(settings, indent=1) + "\n").encode())

    def path(self, kind: str, id_: str) -> Path:
        """Where a picture of a section belongs; `kind` is masks, probabilities or overlays."""
        return self.folder / kind / f"{id_}.png"

    def done(self, id_: str) -> bool:
        """Whether the section has its mask."""
        return self.path("masks", id_).exists()

    def put(self, id_: str, grey: Bytes, mask: Bytes, found: Floats | None, drawn: bool) -> None:
        """Write what was predicted for a section, its mask last.

        Args:
            id_: Of the section.
            grey: Its grey levels.
            mask: 0 or 1, of the same shape.
            found: Probabilities, where they are wanted.
            drawn: Whether to draw the mask over the section.
        """
        if found is not None:
            self._write("probabilities", id_, np.rint(_WHITE * found).astype(np.uint16))
        if drawn:
            self._write("overlays", id_, overlay(grey, mask))
        self._write("masks", id_, 255 * mask)
        self._coverage[id_] = (*mask.shape, float(mask.mean()))

    def mask(self, id_: str) -> Bytes:
        """The mask of a section, 0 or 1."""
        return (self._read("masks", id_) > 0).astype(np.uint8)

    def probabilities(self, id_: str) -> Floats:
        """The probabilities of a section, to 1 in 65535."""
        return self._read("probabilities", id_).astype(np.float32) / np.float32(_WHITE)

    def table(self, ids: Sequence[str]) -> pd.DataFrame:
        """Height, width and salt fraction of each section; written as coverage.csv, too."""
        for id_ in ids:
            if id_ not in self._coverage:
                mask = self.mask(id_)
                self._coverage[id_] = (*mask.shape, float(mask.mean()))
        rows = [(id_, *self._coverage[id_]) for id_ in ids]
        table = pd.DataFrame(rows, columns=["id", "height", "width", "coverage"])
        with staged_file(self.folder / "coverage.csv") as path:
            table.round(6).to_csv(path, index=False)
        return table

    def write_sheet(self, pictures: Sequence[tuple[Bytes, Bytes]]) -> None:
        """Write overview.png."""
        self._write("", "overview", contact_sheet(pictures))

    def _write(self, kind: str, id_: str, picture: NDArray[Any]) -> None:
        _, encoded = cv2.imencode(".png", picture)
        write_whole(self.path(kind, id_), encoded.tobytes(), durable=False)

    def _read(self, kind: str, id_: str) -> NDArray[Any]:
        path = self.path(kind, id_)
        picture = cv2.imread(str(path), cv2.IMREAD_UNCHANGED)
        if picture is None:
            raise DataError(f"{path}: damaged; remove it and run the same again")
        return picture


def predict_into(
    folder: Path, model: SaltModel, inputs: Inputs, how: How, wishes: Wishes, overwrite: bool
) -> pd.DataFrame:
    """Predict everything that has no mask yet.

    Writes below `folder`: masks/ID.png (255 = salt), probabilities/ID.png where asked for (65535 =
    certainly salt), overlays/ID.png of what is larger than a tile, overview.png of some that are
    not, coverage.csv; of each volume a file of its kind, NAME.mask and NAME.probability.

    Args:
        folder: Created where missing.
        model: Networks and threshold.
        inputs: What to predict.
        how: Choices of the prediction.
        wishes: What is written.
        overwrite: Replace predictions made otherwise.

    Returns:
        `id`, `height`, `width`, `coverage` of each section.

    Raises:
        DataError: A section cannot be used, or the folder holds other predictions.
    """
    threshold = model.threshold if wishes.threshold is None else wishes.threshold
    results = Results(folder)
    results.begin(_settings(model, how, wishes) | {"threshold": threshold}, overwrite)
    waiting = [section for section in inputs.sections if not results.done(section.id)]
    if before := len(inputs.sections) - len(waiting):
        print(f"{before} of {len(inputs.sections)} were there already")
    most = (model.blueprint.native.height, model.blueprint.native.width)
    with Progress(disable=not waiting) as progress:
        task = progress.add_task("predict", total=len(waiting))
        queue = _pictures(waiting, wishes.depths if model.needs_z else None)
        for picture, found in model.predict_each(queue, how, partial(progress.advance, task)):
            large = any(np.array(found.shape) > most)
            mask = (found > threshold).astype(np.uint8)
            wanted = found if wishes.probabilities else None
            results.put(picture.label, picture.grey, mask, wanted, drawn=large)
        progress.update(task, completed=len(waiting))
    table = results.table([section.id for section in inputs.sections])
    _write_volumes(results, inputs, wishes)
    small = table[(table["height"] <= most[0]) & (table["width"] <= most[1])]
    if len(small):
        _write_overview(results, inputs.sections, small)
    return table


def _settings(model: SaltModel, how: How, wishes: Wishes) -> dict[str, Any]:
    """All that decides a pixel, as it is kept beside the masks."""
    return {
        "model": model.facts.model_dump(),
        "networks": model.digest,
        "probabilities": wishes.probabilities,
        "depths": wishes.depths and _version(wishes.depths),
        "clip": wishes.clip,
        "flip": how.flip,
        "overlap": how.overlap,
        "inputs": [_version(path) for path in wishes.inputs],
    }


def _version(path: Path) -> str:
    """A file as it is now; of a folder its name alone."""
    told = path.stat()
    return str(path.resolve()) + ("" if path.is_dir() else f" {told.st_size} {told.st_mtime_ns}")


def _pictures(sections: Sequence[Section], depths: Path | None) -> Iterator[Picture[str]]:
    ids = [section.id for section in sections]
    z = read_seismic_depths(depths, ids) if depths else np.full(len(ids), np.nan)
    for section, depth in zip(sections, z.tolist(), strict=True):
        yield Picture(section.id, section.read(), depth)


def _write_volumes(results: Results, inputs: Inputs, wishes: Wishes) -> None:
    for volume in inputs.volumes:
        kinds: list[tuple[str, Result, bool]] = [("mask", results.mask, True)]
        if wishes.probabilities:
            kinds.append(("probability", results.probabilities, False))
        for kind, read, binary in kinds:
            target = results.folder / f"{volume.path.stem}.{kind}{volume.path.suffix}"
            with staged_file(target) as staging:
                volume.write(read, staging, binary)


def _write_overview(results: Results, sections: Sequence[Section], table: pd.DataFrame) -> None:
    """Some tiles from the least to the most salt."""
    ids = table.sort_values("coverage", kind="stable")["id"].tolist()
    places = np.unique(np.linspace(0, len(ids) - 1, min(_SHOWN, len(ids))).round().astype(int))
    shown = {ids[place] for place in places}
    grey = {section.id: section.read() for section in sections if section.id in shown}
    results.write_sheet([(grey[ids[place]], results.mask(ids[place])) for place in places])
