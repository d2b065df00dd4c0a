"""The study: its trials so far, what comes next, and what is hopeless. Optuna keeps and decides."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import optuna
from optuna.trial import FrozenTrial, TrialState
from sqlalchemy.exc import SQLAlchemyError

from saltseg.errors import DataError, ParameterError
from saltseg.params import Params
from saltseg.runs.commands import leaves
from saltseg.tracking.uri import sqlite_uri
from saltseg.tune.drawing import distributions, pruner, sampler
from saltseg.tune.space import Space

FINISHED = (TrialState.COMPLETE, TrialState.PRUNED)
"""How a trial ends that counts; one that failed does not."""


class Study:
    """One search, in a file that several may share.

    Attributes:
        name: Its name, with which those of its trials begin.
        space: What it draws from.
        base: All parameters, with those that the space fixes.
    """

    def __init__(self, file: Path, name: str, space: Space, base: Params) -> None:
        """Begin it, or go on with it.

        Args:
            file: SQLite database; it is made where it is missing.
            name: Of the study.
            space: What may be drawn.
            base: All parameters, with those that the space fixes.

        Raises:
            DataError: The file is damaged, or of another version of Optuna.
            ParameterError: The study was begun with another space or other parameters.
        """
        optuna.logging.set_verbosity(optuna.logging.ERROR)
        self.name, self.space, self.base, self._file = name, space, base, file
        with self._file_errors():
            self._storage = optuna.storages.RDBStorage(sqlite_uri(file.resolve()))
            self._study = self._begin()

    @property
    def trials(self) -> list[FrozenTrial]:
        """All that were begun, the first one first."""
        with self._file_errors():
            return self._study.get_trials(deepcopy=False)

    @property
    def finished(self) -> list[FrozenTrial]:
        """Those that ran to their end, or were pruned."""
        return [one for one in self.trials if one.state in FINISHED]

    def trial_name(self, trial: optuna.Trial | FrozenTrial) -> str:
        """Name of the DVC experiment of a trial."""
        return f"{self.name}-{trial.number:03}"

    def next_trial(self) -> optuna.Trial:
        """The trial that was interrupted, with its number and its values; else a new one."""
        with self._file_errors():
            study = self._storage.get_study_id_from_name(self.name)
            for one in self.trials:
                if one.state == TrialState.RUNNING:
                    id_ = self._storage.get_trial_id_from_study_id_trial_number(study, one.number)
                    self._storage.set_trial_state_values(id_, TrialState.WAITING)
            self._study.sampler = sampler(self.space, len(self.trials))
            return self._study.ask(distributions(self.space))

    def same(self, trial: optuna.Trial) -> FrozenTrial | None:
        """The finished trial that has the values of another."""
        found = (one for one in self.finished if one.params == trial.params)
        return next((one for one in found if "copy_of" not in one.user_attrs), None)

    def curve(self, trial: optuna.Trial | FrozenTrial) -> dict[int, float]:
        """What was reported of a trial, by epoch."""
        return self.trials[trial.number].intermediate_values

    def hopeless(self, trial: optuna.Trial, epoch: int, score: float) -> bool:
        """Report an epoch, counted from 1; whether the trial shall end with it."""
        # What is reported once more, after an interruption, was judged then.
        if epoch in self.curve(trial):
            return False
        with self._file_errors():
            trial.report(score, epoch)
            return trial.should_prune()

    def note(self, trial: optuna.Trial, **notes: Any) -> None:
        """Keep values of JSON with a trial that has not ended."""
        with self._file_errors():
            for name, value in notes.items():
                trial.set_user_attr(name, value)

    def end(self, trial: optuna.Trial, state: TrialState, score: float | None = None) -> None:
        """End a trial; a score is that of a complete one."""
        with self._file_errors():
            self._study.tell(trial, score if state == TrialState.COMPLETE else None, state)

    def require_measure(self, name: str, measure: Mapping[str, str]) -> None:
        """Make sure that a trial was scored as the first one was.

        Args:
            name: Of the trial.
            measure: Digests of what it was scored on and by.

        Raises:
            DataError: It was not.
        """
        with self._file_errors():
            before = self._study.user_attrs.get("measure")
            if before is None:
                self._study.set_user_attr("measure", dict(measure))
                return
        if other := _differing(before, measure):
            raise DataError(
                f"{name}: scored with other {other} than the trials before it; bring that back and"
                f" `dvc exp remove {name}`, or begin another study: --study NAME"
            )

    def _begin(self) -> optuna.Study:
        """Make the study, or open it where its scores can be compared with new ones."""
        study = optuna.create_study(
            storage=self._storage,
            study_name=self.name,
            direction="maximize",
            load_if_exists=True,
            pruner=pruner(self.space, self.base),
        )
        asked = leaves(self.base.model_dump(mode="json", exclude={"tracking"}))
        for name, domain in self.space.parameters.items():
            asked[name] = f"any of {domain.model_dump_json()}"
        before = study.user_attrs.get("asked", {})
        other = _differing(before, asked)
        if not other:
            return study
        if any(one.state != TrialState.FAIL for one in study.get_trials(deepcopy=False)):
            raise ParameterError(
                f"study {self.name} was begun with other {other}; bring that back, or"
                " begin another study: --study NAME"
            )
        if before:  # nothing has come of it
            optuna.delete_study(study_name=self.name, storage=self._storage)
            return self._begin()
        study.set_user_attr("asked", asked)
        return study

    @contextmanager
    def _file_errors(self) -> Iterator[None]:
        try:
            yield
        # The last one of another version of Optuna.
        except (SQLAlchemyError, optuna.exceptions.StorageInternalError, RuntimeError) as error:
            raise DataError(
                f"{self._file}: cannot be used ({' '.join(str(error).split())[:200]}); move it"
                " away, and the same command finds the experiments that there are"
            ) from None


def _differing(before: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """Names of the values that are not the same, for people to read."""
    names = sorted(before.keys() | now.keys())
    return ", ".join(name for name in names if before.get(name) != now.get(name))
