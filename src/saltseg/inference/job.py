"""Predict all that is asked for into a folder, and go on where it stopped."""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from rich.progress import Progress

from saltseg.errors import DataError
from saltseg.files import staged_file
from saltseg.inference.model import KnownModel
from saltseg.inference.pictures import Outcome, Picture, PredictOptions, no_depth
from saltseg.inference.results import Results, open_results
from saltseg.inference.sections import Inputs, Section
from saltseg.inference.volumes import Result, Volume
from saltseg.scoring.choices import Choice, masked
from saltseg.tiles.reading.archive import version_of
from saltseg.uncertainty.measures import require_several

_SHOWN = 24
_PIXELS_BEHIND = 2**22
_WHOLE = {"masks": "mask", "probabilities": "probability", "uncertainty": "uncertainty"}
"""What the file of a volume is called, by the folder of its sections."""
_MOST = 10**6
"""Pixels of a side that libpng takes."""


@dataclass(frozen=True)
class OutputOptions:
    """What a prediction writes.

    Attributes:
        threshold: Probability above which a pixel counts as salt; None for that of the model.
        chosen: In its place what scored best out of fold: a threshold, and the fewest pixels of a
            region and of a tile that are kept.
        probabilities: Whether probabilities are written, too.
        overwrite: Remove what was predicted otherwise, or before.
    """

    threshold: float | None = None
    chosen: bool = False
    probabilities: bool = False
    overwrite: bool = False


def predict_into(
    folder: Path, model: KnownModel, inputs: Inputs, options: PredictOptions, output: OutputOptions
) -> pd.DataFrame:
    """Predict every section that has no mask yet, or has changed since it got one.

    Writes below `folder`: masks/ID.png (255 = salt), probabilities/ID.png where asked for (65535 =
    certainly salt), uncertainty/ID.png likewise (65535 = 1), overlays/ID.png and
    uncertainty_overlays/ID.png of what is larger than a tile, overview.png of some that are not,
    coverage.csv; of each volume a file of its kind: NAME.mask, NAME.probability, NAME.uncertainty.

    Args:
        folder: Created where missing.
        model: Networks and threshold; loaded where there is anything to predict.
        inputs: What to predict.
        options: Choices of the prediction.
        output: What is written.

    Returns:
        `id`, `height`, `width`, `coverage` of each section.

    Raises:
        DataError: A section cannot be used, the folder holds other things, or there is no
            uncertainty to tell.
    """
    if options.uncertainty:
        require_several(model.members, options.flip)
    choice = choice_of(model, output)
    settings = _settings(model, inputs, options) | {"threshold": choice.threshold}
    if output.chosen:
        settings |= choice._asdict()
    asked = {"probabilities": output.probabilities, "uncertainty": options.uncertainty}
    kinds = ["masks", *(kind for kind, wanted in asked.items() if wanted)]
    most = np.array(model.tile)
    with open_results(folder, settings, kinds, output.overwrite) as results:
        waiting = _waiting(results, inputs)
        if waiting:
            depths = _required_depths(model, waiting, inputs)
            networks = model.load()
            queue = _pictures(waiting, depths, model.tile)
            with (
                _shown(len(waiting)) as advance,
                closing(networks.predict_each(queue, options, advance)) as predicted,
            ):
                _write_all(results, predicted, choice, most)
        results.write_table()
        table = results.table([section.id for section in inputs.sections])
        _write_volumes(results, inputs, kinds)
        tiles = table[(table[["height", "width"]] <= most).all(axis=1)]
        if len(tiles) and waiting:
            _write_overview(results, inputs.sections, tiles, model.tile)
    return table


def _waiting(results: Results, inputs: Inputs) -> list[Section]:
    """Sections that have no mask yet, or have changed since; says how many have one."""
    for volume in inputs.volumes:
        results.forget(volume.path, set(volume.ids))
    waiting = [section for section in inputs.sections if not results.has(section)]
    _drop_outdated(results, inputs, waiting)
    if before := len(inputs.sections) - len(waiting):
        print(f"{before} of {len(inputs.sections)} were there already")
    return waiting


@contextmanager
def _shown(total: int) -> Iterator[Callable[[float], None]]:
    """A bar on the terminal, and what moves it; it ends full."""
    with Progress() as progress:
        task = progress.add_task("predict", total=total)
        yield partial(progress.advance, task)
        progress.update(task, completed=total)


def choice_of(model: KnownModel, output: OutputOptions) -> Choice:
    """How probabilities become masks.

    Raises:
        DataError: The model does not know what scored best.
    """
    if not output.chosen:
        return Choice(model.threshold if output.threshold is None else output.threshold)
    if output.threshold is not None:
        raise DataError(
            "--chosen brings a threshold of its own; leave out --threshold, or --chosen"
        )
    if model.facts.chosen is None:
        raise DataError(
            f"{model.facts.name}: nothing was chosen out of fold, or by an older version; evaluate"
            " it again (`dvc repro evaluate`), or leave out --chosen"
        )
    return model.facts.chosen


def _settings(model: KnownModel, inputs: Inputs, options: PredictOptions) -> dict[str, Any]:
    """All that decides a pixel besides the section: kept beside the masks."""
    depths = inputs.reading.depths
    return {
        "model": model.facts.name,
        "networks": model.digest,
        "flip": options.flip,
        "overlap": options.overlap,
        **inputs.reading.settings(),
        "depths": version_of(depths) if depths and model.needs_z else None,
    }


def _required_depths(
    model: KnownModel, sections: Sequence[Section], inputs: Inputs
) -> Sequence[float]:
    """Seismic depth of each section; NaN only where the model does without."""
    depths = inputs.depths(sections)
    for section, z in zip(sections, depths, strict=True):
        if model.needs_z and not np.isfinite(z):
            raise DataError(no_depth(section))
    return depths


def _write_all(
    results: Results,
    predicted: Iterator[Outcome[Section]],
    choice: Choice,
    most: NDArray[np.int64],
) -> None:
    """Write in a thread what was predicted, some pixels behind the networks."""

    def write(found: Outcome[Section]) -> int:
        shape = found.probabilities.shape
        drawn = bool((shape > most).any())
        results.put(found, masked(found.probabilities, choice, tile=not drawn), drawn)
        return found.probabilities.size

    waiting: deque[Future[int]] = deque()
    behind = 0
    # Whatever happens to the networks, what waits is written before this is left.
    with ThreadPoolExecutor(1) as writer:
        for found in predicted:
            waiting.append(writer.submit(write, found))
            behind += found.probabilities.size
            while behind > _PIXELS_BEHIND:
                behind -= waiting.popleft().result()
        for one in waiting:
            one.result()


def _pictures(
    sections: Sequence[Section], depths: Sequence[float], tile: tuple[int, int]
) -> Iterator[Picture[Section]]:
    for section, z in zip(sections, depths, strict=True):
        grey, holes = section.read(tile)
        if max(grey.shape) > _MOST:
            height, width = grey.shape
            raise DataError(
                f"{section}: {height}x{width} pixels, which no PNG can hold; expected at most"
                f" {_MOST} a side, so cut it"
            )
        yield Picture(section, grey, z, holes)


def _drop_outdated(results: Results, inputs: Inputs, waiting: Sequence[Section]) -> None:
    """Remove whole files of masks whose sections are to be predicted anew."""
    changed = {section.source for section in waiting}
    for volume in inputs.volumes:
        if volume.path in changed:
            for kind in _WHOLE.values():
                _whole(results, volume, kind).unlink(missing_ok=True)


def _whole(results: Results, volume: Volume, kind: str) -> Path:
    return results.folder / f"{volume.path.stem}.{kind}{volume.path.suffix}"


def _write_volumes(results: Results, inputs: Inputs, kinds: Sequence[str]) -> None:
    for volume in inputs.volumes:
        for kind in kinds:
            mask = kind == "masks"
            read: Result = results.mask if mask else partial(results.values, kind)
            with staged_file(_whole(results, volume, _WHOLE[kind])) as staging:
                volume.write(read, staging, mask)


def _write_overview(
    results: Results, sections: Sequence[Section], tiles: pd.DataFrame, tile: tuple[int, int]
) -> None:
    """Some tiles from the least to the most salt."""
    ids = tiles.sort_values("coverage", kind="stable")["id"].tolist()
    places = np.unique(np.linspace(0, len(ids) - 1, min(_SHOWN, len(ids))).round().astype(int))
    shown = [ids[place] for place in places]
    by_id = {section.id: section for section in sections}
    results.write_overview({id_: by_id[id_].read(tile).grey for id_ in shown})
