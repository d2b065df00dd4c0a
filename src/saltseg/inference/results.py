"""A folder of masks that knows what it holds: of which sections, and predicted how."""

import json
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import cv2
import numpy as np
import pandas as pd
from filelock import FileLock, Timeout
from numpy.typing import NDArray

from saltseg.array_types import Bytes
from saltseg.errors import DataError
from saltseg.figures.overlay import contact_sheet, overlay
from saltseg.figures.uncertainty import uncertainty_overlay, with_legend
from saltseg.files import staged_file, write_whole
from saltseg.inference.pictures import Outcome
from saltseg.inference.sections import Section
from saltseg.inference.windows import Floats
from saltseg.quiet import silent_native_stderr

_SETTINGS, _JOURNAL, _LOCK = "prediction.json", ".sections.jsonl", ".lock"
_FOLDERS = ("masks", "probabilities", "uncertainty", "overlays", "uncertainty_overlays")
_WHOLE = ("*.mask.*", "*.probability.*", "*.uncertainty.*")
_FILES = ("coverage.csv", "overview.png", *_WHOLE, _JOURNAL)
_WHITE = 2**16 - 1


class OtherPredictionsError(DataError):
    """The folder holds predictions of another model, of other settings or of other files."""


class Done(NamedTuple):
    """A section that was predicted.

    Attributes:
        source: The folder or file that it came from.
        version: Of its content then.
        height: Pixels.
        width: Pixels.
        coverage: Salt fraction of its mask.
    """

    source: str
    version: str
    height: int
    width: int
    coverage: float


class Results:
    """Masks, and whatever else is wanted, of sections; see `open_results`."""

    def __init__(self, folder: Path, kinds: Sequence[str]) -> None:
        """Use a folder as it is.

        Args:
            folder: The folder.
            kinds: What each section must have: masks, and what else is wanted of probabilities and
                uncertainty.
        """
        self.folder = folder
        self._kinds = kinds
        self._done = dict(self._journal())

    def has(self, section: Section) -> bool:
        """Whether the section, as it is now, has all its pictures, readable.

        Raises:
            OtherPredictionsError: There is another section of this id.
        """
        done = self._done.get(section.id)
        if done is None:
            return False
        if done.source != str(section.source.resolve()):
            raise OtherPredictionsError(
                f"{section.where}: {self.folder} holds a mask of this name, of {done.source}; give"
                " another folder, or --overwrite"
            )
        size = (done.height, done.width)
        return done.version == section.version and all(
            self._read(kind, section.id, size) is not None for kind in self._kinds
        )

    def put(self, found: Outcome[Section], mask: Bytes, drawn: bool) -> None:
        """Write what was predicted for a section, and note that it is done.

        Args:
            found: What was predicted, and for which section.
            mask: 0 or 1, of the shape of the section.
            drawn: Whether to draw mask and uncertainty over the section.
        """
        section, grey = found.picture.label, found.picture.grey
        # What is not written anew would show the section as it was before.
        for kind in _FOLDERS:
            self._path(kind, section.id).unlink(missing_ok=True)
        if "probabilities" in self._kinds:
            self._write("probabilities", section.id, _levels(found.probabilities))
        if found.uncertainty is not None:
            self._write("uncertainty", section.id, _levels(found.uncertainty))
        if drawn:
            self._write("overlays", section.id, overlay(grey, mask))
        if drawn and found.uncertainty is not None:
            coloured = uncertainty_overlay(grey, mask, found.uncertainty)
            self._write("uncertainty_overlays", section.id, with_legend(coloured))
        self._write("masks", section.id, 255 * mask)
        source = str(section.source.resolve())
        height, width = mask.shape
        done = Done(source, section.version, height, width, float(mask.mean()))
        self._done[section.id] = done
        with (self.folder / _JOURNAL).open("a") as file:
            # The line break comes first: it ends a line in which a process was killed.
            file.write(f"\n{json.dumps([section.id, *done])}")

    def forget(self, source: Path, kept: Collection[str]) -> None:
        """Remove what was predicted for sections that a file does not hold any more.

        Args:
            source: The file.
            kept: Ids of the sections that it holds.
        """
        lost = [
            id_
            for id_, done in self._done.items()
            if done.source == str(source.resolve()) and id_ not in kept
        ]
        for id_ in lost:
            del self._done[id_]
        if lost:
            lines = [json.dumps([id_, *done]) for id_, done in self._done.items()]
            write_whole(self.folder / _JOURNAL, "\n".join(lines).encode())
        for id_ in lost:
            for kind in _FOLDERS:
                self._path(kind, id_).unlink(missing_ok=True)

    def mask(self, id_: str) -> Bytes:
        """The mask of a section, 0 or 1."""
        return (self._picture("masks", id_) > 0).astype(np.uint8)

    def values(self, kind: str, id_: str) -> Floats:
        """Probabilities or uncertainty of a section, to 1 in 65535.

        Args:
            kind: `probabilities` or `uncertainty`.
            id_: Of the section.
        """
        return self._picture(kind, id_).astype(np.float32) / np.float32(_WHITE)

    def write_table(self) -> None:
        """Write coverage.csv: id, height, width and coverage of every section in the folder."""
        with staged_file(self.folder / "coverage.csv") as path:
            self.table(sorted(self._done)).round(6).to_csv(path, index=False)

    def table(self, ids: Sequence[str]) -> pd.DataFrame:
        """`id`, `height`, `width` and `coverage` of some sections."""
        rows = [(id_, *self._done[id_][2:]) for id_ in ids]
        return pd.DataFrame(rows, columns=["id", "height", "width", "coverage"])

    def write_overview(self, pictures: Mapping[str, Bytes]) -> None:
        """Write overview.png, each picture beside itself with its mask, and with its uncertainty.

        Args:
            pictures: Grey levels by the id of the section.
        """
        unsure = "uncertainty" in self._kinds
        drawn = []
        for id_, grey in pictures.items():
            mask = self.mask(id_)
            drawn.append([grey, overlay(grey, mask)])
            if unsure:
                uncertainty = self.values("uncertainty", id_)
                drawn[-1].append(uncertainty_overlay(grey, mask, uncertainty))
        sheet = contact_sheet(drawn)
        self._write("", "overview", with_legend(sheet) if unsure else sheet)

    def _journal(self) -> Iterator[tuple[str, Done]]:
        path = self.folder / _JOURNAL
        if path.exists():
            for line in path.read_text(errors="replace").splitlines():
                try:
                    id_, *done = json.loads(line)
                    yield id_, Done(*done)
                except (ValueError, TypeError):
                    continue  # cut off, and predicted again

    def _path(self, kind: str, id_: str) -> Path:
        return self.folder / kind / f"{id_}.png"

    def _write(self, kind: str, id_: str, picture: NDArray[Any]) -> None:
        whole, encoded = cv2.imencode(".png", picture)
        if not whole:
            raise DataError(f"{self._path(kind, id_)}: {picture.shape} pixels make no PNG")
        write_whole(self._path(kind, id_), encoded.tobytes(), durable=False)

    def _picture(self, kind: str, id_: str) -> NDArray[Any]:
        done = self._done[id_]
        picture = self._read(kind, id_, (done.height, done.width))
        if picture is None:
            raise DataError(
                f"{self._path(kind, id_)}: lost or damaged meanwhile; run the same again"
            )
        return picture

    def _read(self, kind: str, id_: str, size: tuple[int, int]) -> NDArray[Any] | None:
        """A picture as it was written; None where it is missing, damaged or of another size."""
        try:
            data = self._path(kind, id_).read_bytes()
        except FileNotFoundError:
            return None
        if not data.endswith(b"IEND\xaeB`\x82"):
            return None
        with silent_native_stderr():
            picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_UNCHANGED)
        return picture if picture is not None and picture.shape == size else None


def _levels(values: Floats) -> NDArray[np.uint16]:
    """0 to 1 as PNG files keep it."""
    return np.rint(_WHITE * values).astype(np.uint16)


@contextmanager
def open_results(
    folder: Path, settings: Mapping[str, Any], kinds: Sequence[str], overwrite: bool
) -> Iterator[Results]:
    """A folder for predictions made in one way, which no other process writes to meanwhile.

    Args:
        folder: Created where missing; else it must be one of ours.
        settings: All that decides predictions besides the sections themselves.
        kinds: What each section must have.
        overwrite: Remove predictions that were made otherwise.

    Raises:
        OtherPredictionsError: The folder holds predictions that were made otherwise.
        DataError: The folder holds other things, or another process has it.
    """
    if folder.is_dir() and not (folder / _SETTINGS).is_file() and any(_foreign(folder)):
        raise DataError(
            f"{folder}: holds other files; predictions need a folder of their own, so name a new"
            " one"
        )
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / _LOCK, timeout=0):
            _settle(folder, dict(settings), overwrite)
            yield Results(folder, kinds)
    except Timeout:
        raise DataError(f"{folder}: another process predicts into it; wait for its end") from None


def _foreign(folder: Path) -> Iterator[Path]:
    """What a prediction that was stopped at its very beginning does not leave."""
    for path in folder.iterdir():
        if path.name not in (_LOCK, f".{_SETTINGS}.partial"):
            yield path


def _settle(folder: Path, settings: dict[str, Any], overwrite: bool) -> None:
    """Make sure that what the folder holds was predicted in this way."""
    path = folder / _SETTINGS
    before: Any = settings
    if path.exists():
        try:
            before = json.loads(path.read_text())
        except ValueError:
            before = None
        if not isinstance(before, dict):
            raise DataError(f"{path}: not written by `saltseg predict`; name a new folder")
    # A setting that is None where it was not known yet is the same.
    differing = [name for name in settings | before if before.get(name) != settings.get(name)]
    if differing and not overwrite:
        raise OtherPredictionsError(
            f"{folder}: holds predictions made otherwise ({', '.join(differing)} differ); give"
            " another folder, or --overwrite"
        )
    if overwrite:
        _clear(folder)
    write_whole(path, (json.dumps(settings, indent=1) + "\n").encode())


def _clear(folder: Path) -> None:
    """Remove what predictions leave, and nothing else."""
    for name in _FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)
    for pattern in _FILES:
        for path in folder.glob(pattern):
            path.unlink()
