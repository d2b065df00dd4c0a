"""Trials, one after another: run, judged while they run, and counted once however they end."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

import optuna
from optuna.trial import FrozenTrial, TrialState

from saltseg.errors import ParameterError, TrainingError
from saltseg.params import with_overrides
from saltseg.tune.space import Overrides
from saltseg.tune.study import Study

ENOUGH_FAILURES = 3
"""So many trials that fail, one after another, end the search: the next one would fail, too."""

ENOUGH_REFUSED = 100
"""The same of draws whose values params.py takes one by one, and not together."""

Hopeless = Callable[[int, float], bool]
"""Takes an epoch, counted from 1, and its score; says whether the trial shall end."""


class Result(NamedTuple):
    """What a trial gives that runs to its end.

    Attributes:
        score: What trials are ranked by; higher is better.
        curve: What pruning goes by, after each epoch; the same.
        measure: Digests of what it was scored on and by; with another, scores cannot be compared.
    """

    score: float
    curve: Sequence[float]
    measure: Mapping[str, str]


Run = Callable[[str, Overrides, Hopeless], Result | None]
"""Runs the experiment of a name with overrides, and asks after each epoch whether it is hopeless.

Gives None where it was, and has been ended; raises TrainingError where it fails.
"""


def search(study: Study, trials: int, run: Run, tell: Callable[[str], None]) -> None:
    """Run trials until so many are finished, those of earlier calls included.

    Args:
        study: Where they are kept.
        trials: How many.
        run: Runs one.
        tell: Takes a line before and after each.

    Raises:
        DataError: A trial was scored on other tiles than those before it.
        TrainingError: Several failed, one after another.
        ParameterError: Hardly any draw is accepted by params.py.
    """
    failures = refused = 0
    while len(study.finished) < trials:
        trial = study.next_trial()
        name, overrides = study.trial_name(trial), study.space.overrides(trial.params)
        try:
            with_overrides(study.base, overrides)
            refused = 0
        except ParameterError as error:
            _fail(study, trial, error)
            refused += 1
            if refused == ENOUGH_REFUSED:
                raise ParameterError(
                    f"{refused} draws refused, one after another: {error}"
                ) from None
            continue
        if same := study.same(trial):
            _copy(study, trial, same)
            tell(f"{name}: has the values of {study.trial_name(same)}, so it is not run")
            continue
        drawn = study.space.texts(trial.params)
        tell(f"{name}: {' '.join(f'{key}={value}' for key, value in drawn.items())}")
        try:
            tell(f"{name}: {_attempt(study, trial, run, overrides)}")
            failures = 0
        except TrainingError as error:
            _fail(study, trial, error)
            tell(f"{name}: failed: {error}")
            failures += 1
            if failures == ENOUGH_FAILURES:
                raise TrainingError(f"{failures} trials failed, one after another") from None


def _attempt(study: Study, trial: optuna.Trial, run: Run, overrides: Overrides) -> str:
    """Run a trial until it ends or is hopeless; returns how it ended, in words."""
    began, name = time.monotonic(), study.trial_name(trial)
    try:
        result = run(name, overrides, partial(study.hopeless, trial))
    finally:  # stopped in the middle, it goes on later
        spent = trial.user_attrs.get("seconds", 0.0) + time.monotonic() - began
        study.note(trial, seconds=spent)
    if result is None:
        study.end(trial, TrialState.PRUNED)
        curve = study.curve(trial)
        return f"pruned after epoch {max(curve)}, {max(curve.values()):.3f} at best ({spent:.0f} s)"
    study.require_measure(name, result.measure)
    for epoch, score in enumerate(result.curve, start=1):  # the last ones were not seen
        study.hopeless(trial, epoch, score)
    study.end(trial, TrialState.COMPLETE, result.score)
    return f"{result.score:.3f} after {len(result.curve)} epochs ({spent:.0f} s)"


def _fail(study: Study, trial: optuna.Trial, error: Exception) -> None:
    study.note(trial, why=str(error))
    study.end(trial, TrialState.FAIL)


def _copy(study: Study, trial: optuna.Trial, same: FrozenTrial) -> None:
    study.note(trial, copy_of=study.trial_name(same))
    study.end(trial, same.state, same.value)
