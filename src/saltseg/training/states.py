"""What a training must remember to go on exactly where it was stopped, saved after every epoch.

Two things in a folder: `0007.npz` with every variable of the network and the optimizer after
epoch 7, for the last epoch and for the best one; and `state.json`, which says which these are and
holds the rest. It is written last and in one move, so a kill at any moment leaves the state of one
whole epoch.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from saltseg.errors import TrainingError
from saltseg.files import staged_file, write_whole

if TYPE_CHECKING:  # who only looks at states need not wait for the engine
    import keras


class State(BaseModel):
    """A training after some epochs, but for its variables.

    Attributes:
        epoch: Epochs finished.
        best: The epoch whose weights are the best so far, counted from 1.
        stopped: Whether early stopping has ended the training.
        rows: Losses, metrics and learning rate of each epoch.
        counts: What decides the next epochs has counted.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    epoch: int = Field(default=0, ge=0)
    best: int = Field(default=0, ge=0)
    stopped: bool = False
    rows: list[dict[str, float]] = []
    counts: dict[str, dict[str, float | int | None]] = {}


class _Saved(BaseModel):
    """A state as it is written; a digest, since a flipped bit may leave another valid number."""

    state: State
    digest: str


def _digest(state: State) -> str:
    return hashlib.sha256(state.model_dump_json().encode()).hexdigest()


def write_state(path: Path, state: State) -> None:
    """Write a state, all but its variables, in one move."""
    write_whole(path, _Saved(state=state, digest=_digest(state)).model_dump_json().encode())


def read_state(path: Path) -> State:
    """Read what `write_state` has written.

    Raises:
        OSError: The file cannot be read.
        ValueError: It is damaged.
    """
    saved = _Saved.model_validate_json(path.read_bytes())
    if saved.digest != _digest(saved.state):
        raise ValueError("its content does not fit its digest")
    return saved.state


class UnreadableStateError(TrainingError):
    """A state on disk is torn, or belongs to another network."""


class States:
    """The states of one training, in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        """Use a folder; it is made where it is missing."""
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def last(self) -> State:
        """State after the last epoch that was finished; of no epoch where none was."""
        path = self.folder / "state.json"
        try:
            return read_state(path) if path.exists() else State()
        except ValueError as error:
            self.clear(f"{path}: {' '.join(str(error).split())}")
            return State()

    def save(self, model: "keras.Model", state: State) -> None:
        """Save a state with the variables of the model, and drop those it replaces."""
        with staged_file(self._variables(state.epoch)) as path, path.open("wb") as file:
            np.savez(file, *map(np.asarray, _variables(model)))
        write_state(self.folder / "state.json", state)
        kept = {self._variables(state.epoch), self._variables(state.best)}
        for path in set(self.folder.glob("*.npz")) - kept:
            path.unlink()

    def load(self, model: "keras.Model", epoch: int) -> None:
        """Give a model the variables it had after an epoch, the optimizer's included.

        Args:
            model: Compiled like the one that was saved.
            epoch: The last or the best one, counted from 1.

        Raises:
            UnreadableStateError: The file is missing, torn, or of another network; the model may
                then be changed in part.
        """
        # Twice, one that scales the loss would have two scales.
        if not model.optimizer.built:
            model.optimizer.build(model.trainable_variables)
        path = self._variables(epoch)
        try:
            # A zip: reading checks the checksum of every array.
            with np.load(path, allow_pickle=False) as arrays:
                variables = _variables(model)
                if len(arrays.files) != len(variables):
                    raise ValueError(f"{len(arrays.files)} arrays for {len(variables)} variables")
                for number, variable in enumerate(variables):
                    variable.assign(arrays[f"arr_{number}"])
        except Exception as error:  # of zipfile alone there are six kinds
            raise UnreadableStateError(f"{path}: {' '.join(str(error).split())}") from None

    def clear(self, why: str) -> None:
        """Delete states from which training cannot continue, and say so."""
        print(f"cannot go on from a damaged state ({why}); starting from the beginning", flush=True)
        for path in (*self.folder.glob("*.npz"), self.folder / "state.json"):
            path.unlink(missing_ok=True)

    def _variables(self, epoch: int) -> Path:
        return self.folder / f"{epoch:04d}.npz"


def _variables(model: "keras.Model") -> "list[keras.Variable]":
    """Every variable that training changes, in a fixed order.

    The seeds of dropout are among the model's own; the weights files of Keras leave them out.
    """
    return [*model.variables, *model.optimizer.variables]
