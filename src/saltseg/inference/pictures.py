"""What is to be predicted, and how."""

from dataclasses import dataclass
from typing import Generic, NamedTuple, TypeVar

from saltseg.array_types import Bytes
from saltseg.errors import DataError
from saltseg.inference.defaults import BATCH_SIZE, OVERLAP
from saltseg.inference.grey.holes import Mask
from saltseg.inference.windows import Floats

Label = TypeVar("Label")


@dataclass(frozen=True)
class Picture(Generic[Label]):
    """One picture to predict.

    Attributes:
        label: Whatever the caller knows it by.
        grey: Grey levels, (H, W) uint8.
        holes: (H, W), True where nothing was recorded and so no salt is found; None for nowhere.
        z: Its seismic depth, in the unit of the survey; needed where a channel shows it.
    """

    label: Label
    grey: Bytes
    z: float = float("nan")
    holes: Mask | None = None


class Outcome(NamedTuple, Generic[Label]):
    """A picture and what was predicted for it.

    Attributes:
        picture: The picture.
        probabilities: (H, W) float32, 0 to 1.
        uncertainty: (H, W) float32, 0 to 0.5, where it was asked for.
    """

    picture: Picture[Label]
    probabilities: Floats
    uncertainty: Floats | None = None


@dataclass(frozen=True)
class PredictOptions:
    """Choices of a prediction.

    Attributes:
        flip: Predict each picture mirrored, too, and take the mean.
        overlap: Share of a window that its neighbour covers too, 0 to below 1.
        batch_size: Windows in a batch.
        uncertainty: Say how far the networks lie apart, and with `flip` what they find mirrored.
    """

    flip: bool = False
    overlap: float = OVERLAP
    batch_size: int = BATCH_SIZE
    uncertainty: bool = False

    def __post_init__(self) -> None:
        """Refuse what would leave pixels without prediction.

        Raises:
            DataError: An option is out of range.
        """
        if not 0 <= self.overlap < 1 or self.batch_size < 1:
            raise DataError(
                f"overlap {self.overlap}, batch_size {self.batch_size}; expected an overlap from 0"
                " to below 1 and a batch of at least 1"
            )


def no_depth(label: object) -> str:
    """What is said of a picture whose seismic depth a model misses."""
    return (
        f"{label}: no seismic depth, which this model needs (channel survey_depth); give a table"
        " with the columns id and z by --depths"
    )
