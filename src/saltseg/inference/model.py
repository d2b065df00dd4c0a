"""A trained model: networks of one or several folds, and what happens before and after them."""

from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from saltseg.array_types import Bytes
from saltseg.errors import DataError
from saltseg.inference.defaults import BATCH_SIZE, CLIP, OVERLAP, STRETCH, Stretch
from saltseg.inference.grey.tones import Showing, Tones
from saltseg.inference.passes import Apart, Nets, Networks, predict_pictures
from saltseg.inference.pictures import Label, Outcome, Picture, PredictOptions
from saltseg.inference.windows import Floats
from saltseg.nets.blueprint import Blueprint
from saltseg.scoring.choices import Choice
from saltseg.settings import Strict
from saltseg.uncertainty.measures import require_several
from saltseg.values import Threshold


class Facts(Strict):
    """What is known of a model besides its networks.

    Attributes:
        name: Backbone and experiment, or its folder.
        threshold: Probability above which a pixel counts as salt.
        key: Of the cross-validation that it comes from.
        map_iou: Mean competition metric over its folds.
        chosen: How probabilities best become masks, as far as its out-of-fold tiles know.
        dataset: What it was trained on, as in the parameters; None of one in files that do not say.
        tiles: How many tiles its networks have learnt from, all together.
    """

    name: str
    threshold: Threshold
    key: str | None = None
    map_iou: float | None = None
    chosen: Choice | None = None
    dataset: str | None = None
    tiles: int | None = None

    @property
    def trained_on(self) -> str:
        """What the networks learnt from: "trained on data/tgs: 2,400 tiles"."""
        if self.dataset is None:
            return "trained on an unknown survey"
        return f"trained on {self.dataset}" + (f": {self.tiles:,} tiles" if self.tiles else "")

    @property
    def synthetic(self) -> bool:
        """Whether it was trained on tiles that a recipe has drawn."""
        return (self.dataset or "").lower().endswith((".yaml", ".yml"))

    @property
    def origin(self) -> str:
        """What it has learnt from, and what that means for real data."""
        warning = "\nAll of them are synthetic: what it finds in real data means nothing."
        return f"{self.name}, {self.trained_on}{warning if self.synthetic else ''}"


@dataclass(frozen=True, repr=False)
class KnownModel:
    """All that is known of a model before its networks are loaded, which takes seconds.

    Attributes:
        blueprint: The networks and their input.
        facts: Name, threshold, and where it comes from.
        digest: Of its files, and of the precision where that is not float32.
        members: How many networks it can tell apart; 0 where it knows their mean alone.
    """

    blueprint: Blueprint
    facts: Facts
    digest: str
    members: int = field(default=0, kw_only=True)

    @property
    def threshold(self) -> float:
        """Probability above which a pixel counts as salt."""
        return self.facts.threshold

    @property
    def needs_z(self) -> bool:
        """Whether a channel shows the seismic depth."""
        return self.blueprint.native.depths is not None

    @property
    def tile(self) -> tuple[int, int]:
        """Height and width of the tiles it was trained on, pixels."""
        return self.blueprint.native.height, self.blueprint.native.width

    def __repr__(self) -> str:
        """Its name, what it was trained on and how good it is, in a line."""
        score = "" if self.facts.map_iou is None else f", map_iou {self.facts.map_iou:.3f}"
        height, width = self.tile
        about = f"tiles of {height} x {width}{score}, {self.facts.trained_on}"
        return f"<{type(self).__name__} {self.facts.name}: {about}>"

    def grey_levels(
        self, amplitudes: NDArray[np.number], *, stretch: Stretch = STRETCH, clip: float = CLIP
    ) -> Bytes:
        """Amplitudes to what `predict` takes, uint8, as `saltseg predict` makes it of a file.

        Args:
            amplitudes: A section, (H, W), or several, (N, H, W); NaN where there is none.
            stretch: As in `saltseg.inference.grey.tones.Showing`; `file` is all sections together.
            clip: Percentile of absolute amplitudes at which they are clipped.

        Raises:
            DataError: They are of another shape, infinite, or seem to be no amplitudes.
        """
        sections = _array(amplitudes, "amplitudes")
        if sections.ndim not in (2, 3) or sections.dtype.kind not in "fiu" or not sections.size:
            raise DataError(
                f"amplitudes: {sections.ndim} axes of {sections.dtype}; expected numbers, (H, W) or"
                " (N, H, W)"
            )
        tones = Tones(sections, clip, Showing(stretch), "amplitudes")
        each = sections.reshape(-1, *sections.shape[-2:])
        shown = [tones.show(section, self.tile, "amplitudes").grey for section in each]
        return np.stack(shown).reshape(sections.shape)

    def load(self) -> "SaltModel":
        """The same with its networks.

        Raises:
            WeightsError: They are missing, damaged, or others than it says.
        """
        raise NotImplementedError


@dataclass(frozen=True, repr=False)
class SaltModel(KnownModel):
    """What `saltseg.load` returns."""

    _networks: Networks = field(repr=False)
    _apart: Apart | None = field(default=None, repr=False)

    def load(self) -> "SaltModel":
        """Itself."""
        return self

    def predict(
        self,
        images: Bytes,
        z: NDArray[np.float64] | None = None,
        *,
        flip: bool = False,
        overlap: float = OVERLAP,
        batch_size: int = BATCH_SIZE,
    ) -> Floats:
        """Salt probabilities of pictures of any size.

        What is no larger than a training tile is resized; larger pictures are covered with
        overlapping windows of a tile's size, which are blended.

        Args:
            images: Grey levels 0 to 255, (N, H, W) uint8, or one picture, (H, W). For amplitudes
                see `grey_levels`.
            z: Seismic depth of each picture, (N,); needed where `needs_z`.
            flip: Predict each picture mirrored, too, and take the mean.
            overlap: Share of a window that its neighbour covers too, 0 to below 1.
            batch_size: Windows in a batch.

        Returns:
            Mean over folds, float32, 0 to 1, of the shape of `images`. Above `threshold` is salt.

        Raises:
            DataError: The pictures are of another shape or dtype, or too small, or z is missing.

        Example:
            >>> section = np.zeros((300, 700), np.uint8)
            >>> saltseg.load("workspace").predict(section, flip=True).shape
            (300, 700)
        """
        return self._predict(images, z, PredictOptions(flip, overlap, batch_size))[0]

    def predict_with_uncertainty(
        self,
        images: Bytes,
        z: NDArray[np.float64] | None = None,
        *,
        flip: bool = False,
        overlap: float = OVERLAP,
        batch_size: int = BATCH_SIZE,
    ) -> tuple[Floats, Floats]:
        """The same probabilities as of `predict`, and how far the networks lie apart.

        Args:
            images: As in `predict`.
            z: As there.
            flip: As there; mirrored predictions count as more networks.
            overlap: As there.
            batch_size: As there.

        Returns:
            Probabilities, and the standard deviation over networks in each pixel, float32, 0 to
            0.5, both of the shape of `images`. Where windows overlap, it is the mean of their
            standard deviations, weighed as their probabilities are: never less than that of the
            networks' blended probabilities.

        Raises:
            DataError: As in `predict`, or there is one network that predicts once, or an ONNX file.

        Example:
            >>> section = np.zeros((300, 700), np.uint8)
            >>> mean, deviation = saltseg.load("workspace").predict_with_uncertainty(section)
            >>> deviation.shape
            (300, 700)
        """
        options = PredictOptions(flip, overlap, batch_size, uncertainty=True)
        probabilities, uncertainty = self._predict(images, z, options)
        assert uncertainty is not None
        return probabilities, uncertainty

    def _predict(
        self, images: Bytes, z: NDArray[np.float64] | None, options: PredictOptions
    ) -> tuple[Floats, Floats | None]:
        images = _array(images, "images")
        if images.dtype != np.uint8 or images.ndim not in (2, 3):
            raise DataError(
                f"images: {images.ndim} axes of {images.dtype}; expected grey levels, (H, W) or"
                " (N, H, W) uint8; grey_levels makes them of amplitudes"
            )
        pictures = images if images.ndim == 3 else images[None]
        depths = np.full(len(pictures), np.nan) if z is None else _array(z, "z")
        if depths.shape != (len(pictures),) or depths.dtype.kind not in "fiu":
            raise DataError(
                f"z: shape {depths.shape} of {depths.dtype}; expected one number for each picture"
            )
        queue = (Picture(n, *one) for n, one in enumerate(zip(pictures, depths, strict=True)))
        found = np.empty(pictures.shape, np.float32)
        apart = np.empty(pictures.shape, np.float32) if options.uncertainty else None
        for picture, probabilities, uncertainty in self.predict_each(queue, options):
            found[picture.label] = probabilities
            if apart is not None:
                apart[picture.label] = uncertainty
        return found.reshape(images.shape), apart if apart is None else apart.reshape(images.shape)

    def mask(self, probabilities: Floats) -> Bytes:
        """Probabilities to a mask of the same shape, uint8, 1 = salt, 0 = not salt."""
        return (probabilities > self.threshold).astype(np.uint8)

    def predict_each(
        self,
        pictures: Iterable[Picture[Label]],
        options: PredictOptions,
        progress: Callable[[float], None] = lambda share: None,
    ) -> Generator[Outcome[Label]]:
        """Predict pictures as they come, in memory that does not grow with their number.

        The next pictures are read while the networks compute.

        Args:
            pictures: What to predict.
            options: Choices.
            progress: Called with the share of a picture whenever that much is predicted.

        Yields:
            Each picture, in order, with its salt probabilities, and uncertainty where asked for.

        Raises:
            DataError: As in `predict_with_uncertainty`, or whatever reading the pictures raises.
        """
        if options.uncertainty:
            require_several(self.members, options.flip)
        nets = Nets(self.blueprint, self._networks, self._apart)
        yield from predict_pictures(nets, pictures, options, progress)


def _array(values: object, name: str) -> NDArray[Any]:
    try:
        return np.asarray(values)
    except ValueError as error:
        raise DataError(f"{name}: no array ({error})") from None
